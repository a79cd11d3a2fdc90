"""What the centre says: its feed and its receipts, kept as received."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.errors import either
from common.work.leases import Leased
from stations.models import ExamPoint
from stations.scope import ScopedQuerySet
from transfers.models.packets import Packet
from wire.names.files import receipt_name


class ReceiptLevel(models.TextChoices):
    """What the centre says of a file."""

    DELIVERED = "delivered", _("Передан")
    ACKNOWLEDGED = "acknowledged", _("Подтвержден")
    REJECTED = "rejected", _("Отклонён")
    WITHDRAWN = "withdrawn", _("Отозван")


class Door(models.TextChoices):
    """How a word of the centre came."""

    FEED = "feed", _("лента")
    ANSWER = "answer", _("ответ на передачу")
    FLASH = "flash", _("флеш-накопитель")


class FeedKind(models.TextChoices):
    """What the centre tells."""

    RECEIPT = "receipt", _("Квитанция")
    STATUS_UNDO = "status_undo", _("Статус отменён")
    RESCAN_REQUEST = "rescan_request", _("Запрос повторного сканирования")
    WITHDRAWAL = "withdrawal", _("Пакет отозван")
    RESERVE_KEY = "reserve_key", _("Резервный ключ доступа")
    CRL = "crl", _("Список отозванных сертификатов")
    ANNOUNCEMENT = "announcement", _("Объявление")


class FeedCursor(Leased):
    """How far a point has read the centre's feed."""

    point = models.OneToOneField(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="feed_cursor")
    number = models.PositiveIntegerField(_("последний номер"), default=0)
    prev = models.CharField(_("хэш последней записи"), max_length=64, blank=True)
    answered_at = models.DateTimeField(_("последний ответ РЦОИ"), null=True, blank=True)
    trouble = models.TextField(_("что не получилось с тех пор"), blank=True)
    trouble_en = models.TextField(_("что не получилось с тех пор (по-английски)"), blank=True, default="")
    trouble_code = models.CharField(_("код неудачи"), max_length=64, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("чтение ленты РЦОИ")
        verbose_name_plural = _("чтение ленты РЦОИ")

    def __str__(self) -> str:
        return f"{self.point} № {self.number}"

    @property
    def trouble_words(self) -> str:
        """What went wrong since, in the reader's language."""
        return either(self.trouble, self.trouble_en)


class FeedRecord(models.Model):
    """An item of the centre's feed, kept as received."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="feed_records")
    number = models.PositiveIntegerField(_("номер"))
    kind = models.CharField(_("вид"), max_length=20, choices=FeedKind.choices)
    at = models.DateTimeField(_("время РЦОИ"))
    body = models.JSONField(_("содержание"), default=dict)
    document = models.BinaryField(_("запись, как получена"))
    problem = models.TextField(_("что не получилось"), blank=True)
    problem_en = models.TextField(_("что не получилось (по-английски)"), blank=True, default="")
    sha256 = models.CharField("SHA-256", max_length=64)
    received_at = models.DateTimeField(_("получена"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("запись ленты РЦОИ")
        verbose_name_plural = _("лента РЦОИ")
        ordering = ("point", "number")
        constraints = [models.UniqueConstraint(fields=("point", "number"), name="one_feed_item_of_a_number")]

    def __str__(self) -> str:
        return f"{self.point} № {self.number}"

    @property
    def problem_words(self) -> str:
        """What went wrong with it, in the reader's language."""
        return either(self.problem, self.problem_en)


class ReceiptRecord(models.Model):
    """A receipt of the centre, its bytes kept as received."""

    packet = models.ForeignKey(
        Packet, models.PROTECT, verbose_name=_("пакет"), null=True, blank=True, related_name="receipts"
    )
    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="receipt_records")
    level = models.CharField(_("уровень"), max_length=12, choices=ReceiptLevel.choices)
    number = models.PositiveIntegerField(_("номер"))
    file_sha256 = models.CharField(_("SHA-256 файла пакета"), max_length=64)
    reasons = models.JSONField(_("причины"), default=list, blank=True)
    counts = models.JSONField(_("состав"), default=dict, blank=True)
    node = models.CharField(_("узел пакета"), max_length=36, blank=True)
    operator = models.CharField(_("кто в РЦОИ"), max_length=200, blank=True)
    document = models.BinaryField(_("квитанция, как получена"))
    door = models.CharField(_("откуда"), max_length=8, choices=Door.choices)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    issued_at = models.DateTimeField(_("выдана"))
    received_at = models.DateTimeField(_("получена"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("квитанция")
        verbose_name_plural = _("квитанции")
        ordering = ("-number",)

    def __str__(self) -> str:
        return str(_("№ %(number)d «%(level)s»") % {"number": self.number, "level": self.get_level_display()})

    @property
    def filename(self) -> str:
        """The receipt's name as a file."""
        return receipt_name(self.packet.name if self.packet else self.file_sha256, self.level)

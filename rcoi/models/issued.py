"""What the centre gives out: receipts, the feed, requests, files, reports. And what it knows of the statuses."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from rcoi.models.inbox import InboxPacket
from rcoi.states import RescanState, StatusState
from stations.models import Region, Sitting
from stations.scope import ScopedQuerySet


class IssuedReceipt(models.Model):
    """What the centre said about a file: one per SHA-256 and level, the signed bytes kept for ever."""

    class Level(models.TextChoices):
        """What is said."""

        DELIVERED = "delivered", _("Получен")
        ACKNOWLEDGED = "acknowledged", _("Подтвержден")
        REJECTED = "rejected", _("Отклонён")
        WITHDRAWN = "withdrawn", _("Отозван")

    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("пакет"), related_name="receipts")
    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("ППЭ"), null=True, blank=True)
    number = models.PositiveBigIntegerField(_("номер"), unique=True)
    level = models.CharField(_("что сказано"), max_length=16, choices=Level.choices)
    sha256 = models.CharField(_("SHA-256 файла"), max_length=64)
    supersedes = models.PositiveBigIntegerField(_("вместо квитанции №"), null=True, blank=True)
    reasons = models.JSONField(_("причины"), default=list)
    issued_at = models.DateTimeField(_("выдана"))
    body = models.BinaryField(_("подписанные байты"))
    body_sha256 = models.CharField(_("SHA-256 квитанции"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("выданная квитанция")
        verbose_name_plural = _("выданные квитанции")
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=("sha256", "level"), name="rcoi_one_receipt_a_level")]

    def __str__(self) -> str:
        return f"№ {self.number} {self.get_level_display()}"


class Series(models.Model):
    """The last number given out in a series, and the hash of what has it; the row that serialises its writers."""

    name = models.CharField(max_length=64, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name = _("нумерация")
        verbose_name_plural = _("нумерация")

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"


class FeedEntry(models.Model):
    """One signed word of the centre to one point."""

    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("ППЭ"), related_name="feed")
    number = models.PositiveBigIntegerField(_("номер"))
    kind = models.CharField(_("вид"), max_length=16)
    at = models.DateTimeField(_("время"))
    prev = models.CharField(_("хэш предыдущей"), max_length=64, blank=True)
    hash = models.CharField(_("хэш"), max_length=64)
    body = models.BinaryField(_("подписанные байты"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("запись ленты")
        verbose_name_plural = _("лента РЦОИ")
        ordering = ("point", "-number")
        constraints = [models.UniqueConstraint(fields=("point", "number"), name="rcoi_feed_number_once")]

    def __str__(self) -> str:
        return f"{self.point} № {self.number} {self.kind_words}"

    @property
    def kind_words(self) -> str:
        """The kind in words."""
        words: dict[str, Any] = {
            "receipt": _("квитанция"),
            "status_undo": _("отмена статуса"),
            "rescan_request": _("запрос пересканирования"),
            "withdrawal": _("отзыв пакета"),
            "reserve_key": _("резервный ключ"),
            "crl": _("список отозванных сертификатов"),
            "announcement": _("объявление"),
        }
        return str(words.get(self.kind, self.kind))


class RescanRequest(models.Model):
    """The centre asks a point to scan sheets again."""

    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("пакет"), related_name="rescans")
    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="rescans")
    room = models.CharField(_("аудитория"), max_length=4, blank=True)
    numbers = models.JSONField(_("номера листов"), default=list)
    reason = models.TextField(_("причина"))
    by = models.CharField(_("кто запросил"), max_length=200)
    at = models.DateTimeField(_("запрошено"))
    entry = models.OneToOneField(FeedEntry, models.PROTECT, verbose_name=_("запись ленты"))
    state = models.CharField(_("состояние"), max_length=8, choices=RescanState.choices, default=RescanState.OPEN)
    answered_by = models.ForeignKey(
        InboxPacket, models.PROTECT, verbose_name=_("ответ"), null=True, blank=True, related_name="answers"
    )

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("запрос пересканирования")
        verbose_name_plural = _("запросы пересканирования")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.packet}: {', '.join(self.numbers)}"


class PointStatusRecord(models.Model):
    """A status of a point as the centre knows it."""

    class Status(models.TextChoices):
        """Statuses of the day, in their order (DOMAIN §1)."""

        READINESS = "readiness", _("Контроль технической готовности завершён")
        STARTED = "started", _("Экзамены успешно начались")
        EXAMS_FINISHED = "exams_finished", _("Экзамены завершены")
        BLANKS_TRANSFERRED = "blanks_transferred", _("Бланки переданы в РЦОИ")
        NOT_HELD = "not_held", _("Экзамен не состоялся")

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="status_records")
    status = models.CharField(_("статус"), max_length=24, choices=Status.choices)
    state = models.CharField(_("состояние"), max_length=8, choices=StatusState.choices, default=StatusState.REPORTED)
    declared_at = models.DateTimeField(_("объявлен в ППЭ"))
    declared_by = models.CharField(_("кто объявил"), max_length=200, blank=True)
    reported_at = models.DateTimeField(_("принят РЦОИ"))
    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("пакет"), related_name="status_records")
    undone_at = models.DateTimeField(_("отменён"), null=True, blank=True)
    undone_by = models.CharField(_("кто отменил"), max_length=200, blank=True)
    undo_reason = models.TextField(_("причина отмены"), blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("статус ППЭ")
        verbose_name_plural = _("статусы ППЭ")
        ordering = ("sitting", "declared_at")
        constraints = [models.UniqueConstraint(fields=("sitting", "status"), name="rcoi_one_record_of_a_status")]

    def __str__(self) -> str:
        return f"{self.sitting.key}: {self.get_status_display()}"


class PhoneWord(models.Model):
    """A code that somebody typed in from the telephone: taken once, or wrong; wrong ones are counted."""

    class Outcome(models.TextChoices):
        """What came of it."""

        ACCEPTED = "accepted", _("принят")
        WRONG = "wrong", _("не подошёл")

    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("ППЭ"), related_name="phone_words")
    date = models.DateField(_("день"))
    outcome = models.CharField(_("итог"), max_length=8, choices=Outcome.choices)
    status = models.CharField(_("статус"), max_length=24, choices=PointStatusRecord.Status.choices, blank=True)
    counter = models.PositiveIntegerField(_("номер за день"), null=True, blank=True)
    answer = models.CharField(_("ответ для ППЭ"), max_length=4, blank=True)
    at = models.DateTimeField(_("когда"))
    by = models.CharField(_("кто"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("сообщение по телефону")
        verbose_name_plural = _("сообщения по телефону")
        ordering = ("-at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("point", "date", "counter"), condition=models.Q(outcome="accepted"), name="rcoi_phone_code_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} {self.get_status_display() or self.get_outcome_display()}"


class Announcement(models.Model):
    """Words of the centre to points."""

    title = models.CharField(_("заголовок"), max_length=200)
    text = models.TextField(_("текст"))
    by = models.CharField(_("кто"), max_length=200)
    at = models.DateTimeField(_("когда"))
    points = models.ManyToManyField("stations.ExamPoint", verbose_name=_("ППЭ"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "points"

    class Meta:
        verbose_name = _("объявление")
        verbose_name_plural = _("объявления")
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.title


class ReportQuerySet(ScopedQuerySet["Report"]):
    """Reports."""

    def visible_to(self, user: Any) -> Self:
        """Return the reports of the points in scope, and of the region for its staff."""
        rows = super().visible_to(user)
        if not getattr(user, "is_active", False) or user.point_keys() is not None:
            return rows
        return rows | self.filter(point__isnull=True).distinct()


class Report(models.Model):
    """A report as it was first formed: the same data give the same number and bytes."""

    class Kind(models.TextChoices):
        """What the report is about."""

        PACKET = "packet", _("Подтверждение РЦОИ о приёме пакета")
        POINT = "point", _("Акт закрытия ППЭ")
        REGION = "region", _("Сводка по региону")

    kind = models.CharField(_("отчёт"), max_length=8, choices=Kind.choices)
    key = models.CharField(_("о чём"), max_length=64)
    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("ППЭ"), null=True, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("регион"))
    number = models.PositiveBigIntegerField(_("номер"), unique=True)
    data_sha256 = models.CharField(_("SHA-256 данных"), max_length=64)
    sha256 = models.CharField(_("SHA-256 файла"), max_length=64)
    path = models.CharField(_("файл"), max_length=200)
    made_at = models.DateTimeField(_("сформирован"))
    made_by = models.CharField(_("кто сформировал"), max_length=200)
    prints = models.PositiveIntegerField(_("выдан раз"), default=0)

    objects = ReportQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("отчёт")
        verbose_name_plural = _("отчёты")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("kind", "key", "data_sha256"), name="rcoi_same_data_same_report")
        ]

    def __str__(self) -> str:
        return f"№ {self.number} {self.get_kind_display()} {self.key}"

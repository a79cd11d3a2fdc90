"""Packets of this node, declared statuses, and what is done about them."""

from pathlib import Path
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common import files
from common.errors import either
from common.work.leases import Leased
from stations.models import ExamPoint, Room, Sitting
from stations.scope import ScopedQuerySet
from transfers.states import (
    COLOURS,
    SETTLED,
    STATUS_COLOURS,
    LineState,
    PacketState,
    StatusState,
    WipeState,
)
from wire.documents.phone import STATUSES


class PacketKind(models.TextChoices):
    """What a packet carries."""

    STATUS = "status", _("статус")
    FORMS = "forms", _("формы ППЭ")
    BLANKS = "blanks", _("бланки")
    AUDIO = "audio", _("устные ответы")
    TEST = "test", _("проверочный пакет")


class StatusName(models.TextChoices):
    """Statuses of a point, in the official words."""

    READINESS = "readiness", _("Контроль технической готовности завершён")
    STARTED = "started", _("Экзамены успешно начались")
    EXAMS_FINISHED = "exams_finished", _("Экзамены завершены")
    BLANKS_TRANSFERRED = "blanks_transferred", _("Бланки переданы в РЦОИ")
    NOT_HELD = "not_held", _("Экзамен не состоялся")


class PointStatus(models.Model):
    """A status declared for a sitting. A second declaration after an undo is a second row."""

    State = StatusState

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="statuses")
    status = models.CharField(_("статус"), max_length=24, choices=StatusName.choices)
    state = models.CharField(_("состояние"), max_length=12, choices=StatusState.choices, default=StatusState.DECLARED)
    at = models.DateTimeField(_("объявлен"))
    by = models.CharField(_("кто"), max_length=200)
    accepted_at = models.DateTimeField(_("принят РЦОИ"), null=True, blank=True)
    undone_at = models.DateTimeField(_("отменён"), null=True, blank=True)
    undone_by = models.CharField(_("кто отменил"), max_length=200, blank=True)
    undone_reason = models.TextField(_("причина отмены"), blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("статус ППЭ")
        verbose_name_plural = _("статусы ППЭ")
        ordering = ("sitting", "at")
        constraints = [
            models.UniqueConstraint(
                fields=("sitting", "status"), condition=~Q(state="undone"), name="one_standing_status"
            )
        ]

    def __str__(self) -> str:
        return str(_("«%s»") % self.get_status_display())

    #: The code by which it was told by telephone, where a page has asked for it.
    told: "PhoneCode | None" = None

    @property
    def colour(self) -> str:
        """Class of the chip."""
        return STATUS_COLOURS[self.state]

    @property
    def by_phone(self) -> bool:
        """Whether it may be told by telephone."""
        return self.status in STATUSES.values()


class PhoneCode(models.Model):
    """A code by which a status of a day is told by telephone; the code itself is made again from its counter."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="phone_codes")
    date = models.DateField(_("день"))
    status = models.CharField(_("статус"), max_length=24, choices=StatusName.choices)
    counter = models.PositiveIntegerField(_("номер за день"))
    made_at = models.DateTimeField(_("получен"))
    made_by = models.CharField(_("кто"), max_length=200)
    told_at = models.DateTimeField(_("принят РЦОИ по телефону"), null=True, blank=True)
    told_by = models.CharField(_("кто сообщил"), max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("код для телефона")
        verbose_name_plural = _("коды для телефона")
        ordering = ("point", "date", "-counter")
        constraints = [models.UniqueConstraint(fields=("point", "date", "counter"), name="one_phone_code_of_a_counter")]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} № {self.counter}"


class Wiping(Leased):
    """The originals of a sitting were wiped from this node: when, by whom, how many."""

    State = WipeState

    class Cause(models.TextChoices):
        """Why now."""

        BUTTON = "button", _("по кнопке")
        TERM = "term", _("по сроку хранения")

    sitting = models.OneToOneField(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="wiping")
    state = models.CharField(_("состояние"), max_length=8, choices=WipeState.choices, default=WipeState.BEGUN)
    cause = models.CharField(_("почему"), max_length=8, choices=Cause.choices)
    begun_at = models.DateTimeField(_("начато"))
    by = models.CharField(_("кто"), max_length=200)
    done_at = models.DateTimeField(_("закончено"), null=True, blank=True)
    files = models.PositiveIntegerField(_("файлов"), default=0)
    size = models.PositiveBigIntegerField(_("объём"), default=0)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("удаление исходных сканов")
        verbose_name_plural = _("удаления исходных сканов")
        ordering = ("sitting",)

    def __str__(self) -> str:
        return f"{self.sitting.key}: {self.get_state_display()}"


class PacketQuerySet(ScopedQuerySet["Packet"]):
    """Packets as pages and gates ask for them."""

    def full(self) -> "PacketQuerySet":
        """Return the packets with what their words need."""
        return self.select_related("sitting__point__region", "sitting__subject", "room", "status", "supersedes")


class Packet(Leased):
    """A packet of this node. A version never changes; the next one is another row."""

    State = PacketState
    Kind = PacketKind

    uid = models.CharField(_("код"), max_length=36, unique=True)
    version = models.PositiveIntegerField(_("версия"), default=1)
    kind = models.CharField(_("вид"), max_length=8, choices=PacketKind.choices)
    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="packets")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("аудитория"), null=True, blank=True)
    status = models.ForeignKey(
        PointStatus, models.PROTECT, verbose_name=_("статус ППЭ"), null=True, blank=True, related_name="packets"
    )
    state = models.CharField(_("состояние"), max_length=20, choices=PacketState.choices, default=PacketState.BUILDING)
    supersedes = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("заменяет"), null=True, blank=True, related_name="next_versions"
    )
    imported = models.BooleanField(_("принят готовым с другого узла"), default=False)
    made_at = models.DateTimeField(_("начат"), auto_now_add=True)
    made_by = models.CharField(_("кто собрал"), max_length=200)

    counts = models.JSONField(_("состав"), default=dict, blank=True)
    contents = models.JSONField(_("файлы"), default=list, blank=True)
    name = models.CharField(_("имя файла"), max_length=200, blank=True)
    path = models.CharField(_("файл"), max_length=300, blank=True)
    size = models.PositiveBigIntegerField(_("размер"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, db_index=True)
    recipients = models.JSONField(_("получатели"), default=list, blank=True)
    sealed_at = models.DateTimeField(_("зашифрован"), null=True, blank=True)
    content_sha256 = models.CharField(_("SHA-256 содержимого"), max_length=64, blank=True)
    content_size = models.PositiveBigIntegerField(_("размер содержимого"), default=0)
    content_end = models.PositiveBigIntegerField(_("конец содержимого"), default=0)
    progress = models.PositiveSmallIntegerField(_("готовность, %"), default=0)

    sequence = models.PositiveIntegerField(_("порядковый номер узла"), null=True, blank=True)
    prev = models.CharField(_("SHA-256 предыдущего пакета"), max_length=64, blank=True)
    node = models.CharField(_("узел"), max_length=36, blank=True)
    signed_at = models.DateTimeField(_("подписан"), null=True, blank=True)
    signed_by = models.CharField(_("подписал"), max_length=200, blank=True)

    location = models.CharField(_("адрес выгрузки"), max_length=500, blank=True)
    offset = models.PositiveBigIntegerField(_("передано байтов"), default=0)
    uploaded_at = models.DateTimeField(_("передан целиком"), null=True, blank=True)
    last_error = models.TextField(_("последняя неудача"), blank=True)
    last_error_en = models.TextField(_("последняя неудача (по-английски)"), blank=True, default="")
    last_error_code = models.CharField(_("код неудачи"), max_length=64, blank=True)
    handed_over_at = models.DateTimeField(_("записан на флеш"), null=True, blank=True)
    handed_over_to = models.CharField(_("на какой накопитель"), max_length=300, blank=True)
    delivered_at = models.DateTimeField(_("передан"), null=True, blank=True)
    answered_at = models.DateTimeField(_("ответ РЦОИ"), null=True, blank=True)
    receipt_number = models.PositiveIntegerField(_("№ квитанции"), null=True, blank=True)
    reasons = models.JSONField(_("причины отказа"), default=list, blank=True)

    objects = PacketQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("пакет")
        verbose_name_plural = _("пакеты")
        ordering = ("sitting", "kind", "room__number", "version", "pk")
        constraints = [
            models.UniqueConstraint(fields=("node", "sitting", "sequence"), name="one_packet_of_a_sequence"),
            models.UniqueConstraint(
                # No room, or no status, counts as one: an index of expressions holds on SQLite and PostgreSQL alike.
                "sitting",
                "kind",
                Coalesce("room", 0, output_field=models.BigIntegerField()),
                Coalesce("status", 0, output_field=models.BigIntegerField()),
                "version",
                # A packet that another machine of the HQ made is known by its uid, and by that machine's numbers.
                condition=Q(imported=False),
                name="one_packet_of_a_version",
            ),
        ]
        indexes = [models.Index(fields=("state", "next_try_at"), name="packet_due")]

    def __str__(self) -> str:
        where = f", {self.room}" if self.room_id else ""
        what = f" {self.status}" if self.status_id else ""
        version = " " + str(_("(версия %d)") % self.version) if self.version > 1 else ""
        return f"{self.get_kind_display()}{what}{where}{version}"

    @property
    def last_error_words(self) -> str:
        """The last failure in the reader's language."""
        return either(self.last_error, self.last_error_en)

    @property
    def file(self) -> Path:
        """The packet's file in the store."""
        return files.inside(self.path)

    @property
    def colour(self) -> str:
        """Class of the chip."""
        return COLOURS[self.state]

    @property
    def is_signed(self) -> bool:
        """Whether the file is final."""
        return self.signed_at is not None

    @property
    def settled(self) -> bool:
        """Whether the centre has said its last word so far."""
        return self.state in SETTLED

    @property
    def percent(self) -> int:
        """How much of the file the centre holds."""
        return 100 if self.uploaded_at or self.delivered_at else int(self.offset * 100 / self.size) if self.size else 0


class PacketStep(models.Model):
    """A line of a packet's own story: what happened, when, by whom, in words."""

    packet = models.ForeignKey(Packet, models.PROTECT, verbose_name=_("пакет"), related_name="steps")
    at = models.DateTimeField(_("когда"))
    state = models.CharField(_("состояние"), max_length=20, choices=PacketState.choices, blank=True)
    who = models.CharField(_("кто"), max_length=200)
    text = models.TextField(_("что"), blank=True)
    text_en = models.TextField(_("что (по-английски)"), blank=True, default="")

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__sitting__point"

    class Meta:
        verbose_name = _("шаг пакета")
        verbose_name_plural = _("шаги пакетов")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.words or self.get_state_display()

    @property
    def words(self) -> str:
        """What happened, in the reader's language."""
        return either(self.text, self.text_en)


class LineCheck(Leased):
    """A knock at the centre's door by one channel, begun with a test packet."""

    State = LineState

    class Channel(models.TextChoices):
        """Which of the centre's addresses."""

        MAIN = "main", _("основной канал")
        RESERVE = "reserve", _("резервный канал")

    packet = models.ForeignKey(Packet, models.PROTECT, verbose_name=_("пакет"), related_name="lines")
    channel = models.CharField(_("канал"), max_length=8, choices=Channel.choices)
    address = models.CharField(_("адрес"), max_length=300)
    state = models.CharField(_("состояние"), max_length=8, choices=LineState.choices, default=LineState.WAITING)
    answered_at = models.DateTimeField(_("когда"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("ответ за, мс"), null=True, blank=True)
    skew_seconds = models.IntegerField(_("часы узла впереди, с"), null=True, blank=True)
    problem = models.TextField(_("что не получилось"), blank=True)
    problem_en = models.TextField(_("что не получилось (по-английски)"), blank=True, default="")

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__sitting__point"

    class Meta:
        verbose_name = _("проверка канала")
        verbose_name_plural = _("проверки каналов")
        ordering = ("packet", "pk")

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_state_display()}"

    @property
    def problem_words(self) -> str:
        """What went wrong, in the reader's language."""
        return either(self.problem, self.problem_en)


class SequenceHead(models.Model):
    """The last signed packet of a point and signing node: the row that serialises signing."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"))
    node = models.CharField(_("узел"), max_length=36)
    sequence = models.PositiveIntegerField(_("номер"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = _("счётчик пакетов")
        verbose_name_plural = _("счётчики пакетов")
        constraints = [models.UniqueConstraint(fields=("point", "node"), name="one_head_a_node")]

    def __str__(self) -> str:
        return f"{self.point} № {self.sequence}"

"""Journals as received and what we conclude from them; acts instead of them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.errors import either
from journals.states import Door, JournalState
from stations.models import ExamPoint, Room, Sitting, Station, StationPost
from stations.scope import ScopedQuerySet


def _same_station(journal: "Journal") -> models.Q:
    return models.Q(
        sitting=journal.sitting, kind=journal.kind, station=journal.station, room=journal.room,
        state__in=(JournalState.ACCEPTED, JournalState.QUARANTINED),
    )  # fmt: skip


class JournalQuerySet(ScopedQuerySet["Journal"]):
    """Journals and the questions asked of them."""

    def counting(self) -> "JournalQuerySet":
        """Return those that count: accepted ones."""
        return self.filter(state=JournalState.ACCEPTED)

    def sealed(self) -> "JournalQuerySet":
        """Return those that count and whose form numbers have not been opened."""
        return self.counting().filter(sealed_sets__gt=0, forms_opened_at__isnull=True)

    def of_same_station(self, journal: "Journal") -> "JournalQuerySet":
        """Return the other journals of the same station, room and sitting that are not put aside."""
        return self.filter(_same_station(journal)).exclude(pk=journal.pk)

    def beside(self, journal: "Journal") -> "JournalQuerySet":
        """Return what a journal that is not stored yet must be held against: its station's journals, and itself."""
        return self.filter(_same_station(journal) | models.Q(sha256=journal.sha256)).order_by()


class Journal(models.Model):
    """An electronic journal: the file as it came, and what was read from it."""

    class Kind(models.TextChoices):
        """Whose journal it is."""

        PRINT = "print", _("печати")
        VOICE = "voice", _("записи ответов")
        SCAN = "scan", _("сканирования")

    State = JournalState

    state = models.CharField(_("состояние"), max_length=12, choices=JournalState.choices, default=JournalState.RECEIVED)
    kind = models.CharField(_("журнал"), max_length=8, choices=Kind.choices)
    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="journals")
    sitting = models.ForeignKey(
        Sitting, models.PROTECT, verbose_name=_("экзамен"), null=True, blank=True, related_name="journals"
    )
    station = models.ForeignKey(
        Station, models.PROTECT, verbose_name=_("станция"), null=True, blank=True, related_name="journals"
    )
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("аудитория"), null=True, blank=True)
    station_said = models.CharField(_("номер станции в журнале"), max_length=16, blank=True)
    room_said = models.CharField(_("аудитория в журнале"), max_length=4, blank=True)
    original_name = models.CharField(_("имя, с которым пришёл"), max_length=255)
    name = models.CharField(_("официальное имя"), max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    size = models.PositiveBigIntegerField(_("размер"))
    path = models.CharField(_("файл"), max_length=300)
    entry_count = models.PositiveIntegerField(_("записей"), default=0)
    lines_size = models.PositiveBigIntegerField(_("размер записей"), default=0)
    lines_sha256 = models.CharField(_("SHA-256 записей"), max_length=64, blank=True)
    opened_at = models.DateTimeField(_("начат"), null=True, blank=True)
    closed_at = models.DateTimeField(_("завершён"), null=True, blank=True)
    skew_seconds = models.FloatField(_("часы станции спешат на, с"), null=True, blank=True)
    serial = models.CharField(_("серийный номер станции"), max_length=200, blank=True)
    software = models.CharField(_("программа"), max_length=200, blank=True)
    signed_by = models.CharField(_("подписан"), max_length=120, blank=True)
    signer_fingerprint = models.CharField(_("отпечаток подписавшего"), max_length=64, blank=True)
    doubts = models.JSONField(_("замечания"), default=list)
    sealed_sets = models.PositiveIntegerField(_("комплектов с закрытыми номерами"), default=0)
    forms_opened_at = models.DateTimeField(_("номера бланков открыты"), null=True, blank=True)
    forms_problem = models.CharField(_("почему номера не открыты"), max_length=300, blank=True)
    forms_problem_en = models.CharField(
        _("почему номера не открыты (по-английски)"), max_length=300, blank=True, default=""
    )
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("заменён на"), null=True, blank=True, related_name="supersedes"
    )
    door = models.CharField(_("откуда"), max_length=8, choices=Door.choices)
    received_at = models.DateTimeField(_("получен"), db_index=True)
    received_by = models.CharField(_("кто передал"), max_length=200)
    decided_at = models.DateTimeField(_("решение принято"), null=True, blank=True)
    decided_by = models.CharField(_("кто решил"), max_length=200, blank=True)
    reason = models.CharField(_("причина решения"), max_length=500, blank=True)

    objects = JournalQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("электронный журнал")
        verbose_name_plural = _("электронные журналы")
        ordering = ("-received_at", "-pk")
        indexes = [models.Index(fields=("sitting", "kind", "state"), name="journal_of_sitting")]

    def __str__(self) -> str:
        return self.name

    @property
    def signed(self) -> bool:
        """Whether a certificate of the region's authority stands behind it."""
        return bool(self.signed_by)

    @property
    def forms_problem_words(self) -> str:
        """Why the form numbers are not open, in the reader's language."""
        return either(self.forms_problem, self.forms_problem_en)

    @property
    def counts(self) -> bool:
        """Whether it counts for the gates."""
        return self.state == JournalState.ACCEPTED

    @property
    def blocking(self) -> list[dict[str, str]]:
        """The doubts that keep it in quarantine."""
        return [doubt for doubt in self.doubts if doubt.get("blocks")]

    @property
    def only_misnamed(self) -> bool:
        """Whether it waits for nothing but its right name: its content is sound, and it is known whose it is."""
        blocking = self.blocking
        sound = self.signed and self.station_id is not None and bool(blocking)
        return sound and self.state == JournalState.QUARANTINED and all(doubt.get("name") for doubt in blocking)


class JournalSet(models.Model):
    """One participant's set of forms as the station printed it."""

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("журнал"), related_name="sets")
    ordinal = models.PositiveIntegerField(_("№ комплекта"))
    spoiled = models.BooleanField(_("испорчен"), default=False)
    unused = models.BooleanField(_("не использован"), default=False)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("комплект бланков")
        verbose_name_plural = _("комплекты бланков")
        ordering = ("journal", "ordinal")
        constraints = [models.UniqueConstraint(fields=("journal", "ordinal"), name="one_set_of_an_ordinal")]

    def __str__(self) -> str:
        return f"№ {self.ordinal}"


class JournalSheet(models.Model):
    """A form of a set: the number that the station printed."""

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("журнал"), related_name="sheets")
    set = models.ForeignKey(JournalSet, models.CASCADE, verbose_name=_("комплект"), related_name="sheets")
    kind = models.CharField(_("бланк"), max_length=16)
    number = models.CharField(_("номер"), max_length=32, db_index=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("бланк")
        verbose_name_plural = _("бланки")
        ordering = ("journal", "set__ordinal", "kind")

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class JournalAnswer(models.Model):
    """A recorded answer that a voice journal lists."""

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("журнал"), related_name="answers")
    ordinal = models.PositiveIntegerField(_("№ комплекта"))
    place = models.CharField(_("место"), max_length=8, blank=True)
    registration_number = models.CharField(_("№ бланка регистрации"), max_length=32, null=True, blank=True)  # noqa: DJ001
    file_name = models.CharField(_("аудиофайл"), max_length=255)
    seconds = models.FloatField(_("длительность, с"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64)
    spoiled = models.BooleanField(_("испорчен"), default=False)
    unused = models.BooleanField(_("не использован"), default=False)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("записанный ответ")
        verbose_name_plural = _("записанные ответы")
        ordering = ("journal", "ordinal", "file_name")
        constraints = [models.UniqueConstraint(fields=("journal", "ordinal", "file_name"), name="one_answer_file")]

    def __str__(self) -> str:
        return self.file_name


class Act(models.Model):
    """An act signed by a GEK member: a journal that cannot be had, a room closed with a difference."""

    class Kind(models.TextChoices):
        """What the act is about."""

        JOURNAL_MISSING = "journal_missing", _("Журнал получить нельзя")
        ROOM_DIFFERENCE = "room_difference", _("Аудитория закрыта с расхождением")

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="acts")
    kind = models.CharField(_("о чём"), max_length=16, choices=Kind.choices)
    station_post = models.ForeignKey(
        StationPost, models.PROTECT, verbose_name=_("станция"), null=True, blank=True, related_name="acts"
    )
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("аудитория"), null=True, blank=True)
    reason = models.CharField(_("причина"), max_length=200)
    text = models.TextField(_("текст"), blank=True)
    name = models.CharField(_("имя файла"), max_length=160)
    path = models.CharField(_("файл"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    photo = models.CharField(_("фотография"), max_length=300, blank=True)
    photo_sha256 = models.CharField(_("SHA-256 фотографии"), max_length=64, blank=True)
    signed_by = models.CharField(_("подписал"), max_length=200)
    signer_fingerprint = models.CharField(_("отпечаток подписавшего"), max_length=64)
    made_at = models.DateTimeField(_("составлен"))
    made_by = models.CharField(_("за чьей учётной записью"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("акт")
        verbose_name_plural = _("акты")
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return self.name


class StationSign(models.Model):
    """The last sign of life of a station: what it does, what it has left, how its clock goes."""

    class State(models.TextChoices):
        """What a station does."""

        READY = "ready", _("готова")
        WORKING = "working", _("работает")
        PAUSED = "paused", _("приостановлена")
        FAULT = "fault", _("неисправна")
        FINISHED = "finished", _("закончила")

    station = models.OneToOneField(Station, models.PROTECT, verbose_name=_("станция"), related_name="sign")
    state = models.CharField(_("состояние"), max_length=8, choices=State.choices)
    note = models.CharField(_("сообщение"), max_length=200, blank=True)
    paper = models.PositiveSmallIntegerField(_("бумага, %"), null=True, blank=True)
    toner = models.PositiveSmallIntegerField(_("тонер, %"), null=True, blank=True)
    battery = models.PositiveSmallIntegerField(_("батарея, %"), null=True, blank=True)
    disk_free = models.PositiveBigIntegerField(_("свободно на диске, байт"), null=True, blank=True)
    software = models.CharField(_("программа"), max_length=200, blank=True)
    said_at = models.DateTimeField(_("по часам станции"))
    at = models.DateTimeField(_("получен"))
    skew_seconds = models.FloatField(_("часы станции спешат на, с"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "station__point"

    class Meta:
        verbose_name = _("сигнал станции")
        verbose_name_plural = _("сигналы станций")
        ordering = ("station",)

    def __str__(self) -> str:
        return f"{self.station}: {self.get_state_display()}"

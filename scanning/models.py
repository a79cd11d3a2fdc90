"""Rows of the scanning desk. Facts of one row only; changes are functions of the modules beside."""

from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.errors import either
from common.work.leases import Leased
from journals.models import Act, JournalAnswer
from scanning.states import (
    ACTIVE,
    ACTIVE_RECORDINGS,
    CLOSED,
    EDITABLE,
    BatchState,
    CardState,
    RecordingState,
    SheetState,
    SourceState,
)
from stations.models import Room, Sitting
from stations.scope import ScopedQuerySet
from wire.forms import CATALOGUE, FormKind

DOORS: dict[str, "str | Promise"] = {
    "browser": _("Файлы из браузера"), "api": _("Другая станция"), "folder": _("Папка сканера"), "scanner": _("Сканер"),
}  # fmt: skip
#: The counts of a card, in the words of sentences.
COUNT_WORDS = {
    "registration_count": ("бланков регистрации", "registration forms"),
    "dbo_count": ("ДБО № 2", "additional forms"),
    "absent_count": ("не явились", "absent"),
    "not_finished_count": ("не закончили", "not finished"),
}
COUNTS = tuple(COUNT_WORDS)
#: Height of the picture of a recording.
WAVE = 24


class RoomCard(models.Model):
    """Карточка аудитории: what the room should hold. «Штаб» has one too, for the forms of the point."""

    State = CardState

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="cards")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("аудитория"), related_name="cards")
    state = models.CharField(_("состояние"), max_length=16, choices=CardState.choices, default=CardState.WAITING)
    registration_count = models.PositiveIntegerField(_("бланков регистрации"), null=True, blank=True)
    dbo_count = models.PositiveIntegerField(_("ДБО № 2"), null=True, blank=True)
    absent_count = models.PositiveIntegerField(_("не явились"), null=True, blank=True)
    not_finished_count = models.PositiveIntegerField(_("не закончили"), null=True, blank=True)
    version = models.PositiveIntegerField(_("версия"), default=0)
    filled_by = models.CharField(_("заполнил"), max_length=200, blank=True)
    filled_at = models.DateTimeField(_("заполнена"), null=True, blank=True)
    previous = models.JSONField(_("прежние значения"), default=dict, blank=True)
    balance = models.JSONField(_("баланс"), default=dict, blank=True)
    reconciled_at = models.DateTimeField(_("сверена"), null=True, blank=True)
    seen_journals = models.CharField(_("сверено по журналам"), max_length=64, blank=True)
    awaited = models.JSONField(_("ждём повторного сканирования"), default=list, blank=True)
    reopen_reason = models.TextField(_("почему открыта снова"), blank=True)
    reopen_reason_en = models.TextField(_("почему открыта снова (по-английски)"), blank=True, default="")
    closed_at = models.DateTimeField(_("закрыта"), null=True, blank=True)
    act = models.ForeignKey(Act, models.PROTECT, verbose_name=_("акт"), null=True, blank=True, related_name="cards")

    objects = ScopedQuerySet.as_manager()
    SCOPE = "sitting__point"

    class Meta:
        verbose_name = _("карточка аудитории")
        verbose_name_plural = _("карточки аудиторий")
        ordering = ("sitting", "room__number")
        constraints = [models.UniqueConstraint(fields=("sitting", "room"), name="one_card_a_room")]

    def __str__(self) -> str:
        return str(self.room)

    @property
    def is_hq(self) -> bool:
        """Whether this is the card of the «Штаб»."""
        return bool(self.room.kind == Room.Kind.HQ)

    @property
    def editable(self) -> bool:
        """Whether sheets may come and be decided about."""
        return self.state in EDITABLE

    @property
    def closed(self) -> bool:
        """Whether the room was closed, with an act or without."""
        return self.state in CLOSED

    @property
    def fields(self) -> tuple[str, ...]:
        """The counts that a person types: none in «Штаб», no additional forms in «Говорение»."""
        if self.is_hq:
            return ()
        return tuple(name for name in COUNTS if name != "dbo_count" or not self.sitting.subject.oral)

    @property
    def unfilled(self) -> list[str]:
        """The counts that nobody has typed yet; a zero is typed too. A closed card is as complete as it can get."""
        empty = [] if self.closed else [name for name in COUNTS if getattr(self, name) is None]
        return [name for name in empty if name in self.fields] if empty else []

    @property
    def filled(self) -> bool:
        """Whether somebody has filled the whole card in."""
        return self.version > 0 and not self.unfilled

    @property
    def open_again(self) -> bool:
        """Whether the room had been closed and waits to be closed again."""
        return not self.closed and bool(self.reopen_reason)

    @property
    def reopen_words(self) -> str:
        """Why it was opened again, in the reader's language."""
        return either(self.reopen_reason, self.reopen_reason_en)


class Batch(models.Model):
    """One handing over of files: an upload in the browser, a folder, a pass of the scanner."""

    State = BatchState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("карточка"), related_name="batches")
    state = models.CharField(_("состояние"), max_length=16, choices=BatchState.choices, default=BatchState.OPEN)
    sealed_at = models.DateTimeField(_("вошла в пакет"), null=True, blank=True)
    number = models.PositiveIntegerField(_("номер"))
    door = models.CharField(_("откуда"), max_length=16)
    made_by = models.CharField(_("кто"), max_length=200)
    made_at = models.DateTimeField(_("когда"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("пачка")
        verbose_name_plural = _("пачки")
        ordering = ("card", "number")
        constraints = [models.UniqueConstraint(fields=("card", "number"), name="one_batch_of_a_number")]

    def __str__(self) -> str:
        return f"{self.card} · {self.number}"

    @property
    def door_label(self) -> "str | Promise":
        """Where the files came from, in words."""
        return DOORS.get(self.door, self.door)


class Source(Leased):
    """A file with sheets, kept as received."""

    State = SourceState

    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name=_("пачка"), related_name="sources")
    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("карточка"), related_name="sources")
    state = models.CharField(_("состояние"), max_length=16, choices=SourceState.choices, default=SourceState.RECEIVED)
    name = models.CharField(_("имя файла"), max_length=255)
    path = models.CharField(_("хранится"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("размер"))
    format = models.CharField(_("формат"), max_length=8)
    pages = models.PositiveIntegerField(_("страниц"))
    received_at = models.DateTimeField(_("получен"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("файл сканов")
        verbose_name_plural = _("файлы сканов")
        ordering = ("card", "id")

    def __str__(self) -> str:
        return self.name


class SheetQuerySet(ScopedQuerySet["Sheet"]):
    """Sheets of the desk."""

    def active(self) -> "SheetQuerySet":
        """Return the sheets that stand for paper in an envelope."""
        return self.filter(state__in=ACTIVE)


class Sheet(models.Model):
    """One scanned side of paper."""

    State = SheetState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("карточка"), related_name="sheets")
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("файл"), related_name="sheets")
    page = models.PositiveIntegerField(_("страница"))
    state = models.CharField(_("состояние"), max_length=16, choices=SheetState.choices, default=SheetState.RECEIVED)
    number = models.CharField(_("номер бланка"), max_length=13, blank=True, db_index=True)
    kind = models.CharField(_("форма"), max_length=16, blank=True)
    address = models.JSONField(_("адрес из кода"), default=dict, blank=True)
    path = models.CharField(_("изображение"), max_length=300, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveIntegerField(_("размер"), default=0)
    picture_hash = models.CharField(_("отпечаток картинки"), max_length=64, blank=True)
    reading = models.JSONField(_("прочитано"), default=dict, blank=True)
    starts = models.PositiveSmallIntegerField(_("начато чтений"), default=0)
    read_at = models.DateTimeField(_("прочитан"), null=True, blank=True)
    decision = models.CharField(_("решение"), max_length=16, blank=True)
    reason = models.TextField(_("причина"), blank=True)
    decided_by = models.CharField(_("решил"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("решено"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("заменён листом"), null=True, blank=True, related_name="replaces"
    )

    objects = SheetQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("лист")
        verbose_name_plural = _("листы")
        ordering = ("card", "source", "page")
        constraints = [models.UniqueConstraint(fields=("source", "page"), name="one_sheet_a_page")]
        indexes = [models.Index(fields=("card", "state"))]

    def __str__(self) -> str:
        return self.number or f"{self.source.name}, {self.page + 1}"

    @property
    def form(self) -> FormKind | None:
        """The kind of form, from the catalogue."""
        return CATALOGUE.get(self.kind)

    @property
    def active(self) -> bool:
        """Whether the sheet stands for paper in the envelope."""
        return self.state in ACTIVE

    @property
    def title(self) -> str:
        """The form's name, short."""
        form = self.form
        return either(form.title_ru.split(".")[0], form.title_en) if form else str(_("Форма не определена"))


class Recording(Leased):
    """One recorded answer of «Говорение», kept as received."""

    State = RecordingState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("карточка"), related_name="recordings")
    answer = models.ForeignKey(
        JournalAnswer, models.SET_NULL, verbose_name=_("ответ в журнале"), null=True, blank=True,
        related_name="recordings",
    )  # fmt: skip
    state = models.CharField(
        _("состояние"), max_length=16, choices=RecordingState.choices, default=RecordingState.RECEIVED
    )
    name = models.CharField(_("имя файла"), max_length=255)
    path = models.CharField(_("хранится"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("размер"))
    seconds = models.FloatField(_("секунд"), null=True, blank=True)
    reading = models.JSONField(_("прослушано"), default=dict, blank=True)
    received_at = models.DateTimeField(_("получен"), auto_now_add=True)
    reason = models.TextField(_("причина"), blank=True)
    decided_by = models.CharField(_("решил"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("решено"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("аудиофайл")
        verbose_name_plural = _("аудиофайлы")
        ordering = ("card", "name")

    def __str__(self) -> str:
        return self.name

    @property
    def wave(self) -> list[dict[str, str]]:
        """The loudness from beginning to end as bars of a picture; quiet speech is to be seen too.

        As text: a picture's figures have points, whatever the reader's language writes.
        """
        bars = [int(each) for each in self.reading.get("bars", [])]
        highs = [max(1.0, WAVE * (min(each, 100) / 100) ** 0.5) for each in bars]
        return [{"x": str(x), "y": f"{(WAVE - high) / 2:.1f}", "height": f"{high:.1f}"} for x, high in enumerate(highs)]

    @property
    def active(self) -> bool:
        """Whether the recording goes to the centre."""
        return self.state in ACTIVE_RECORDINGS


class Finding(models.Model):
    """Замечание: one doubt of the machine about a sheet or a recording."""

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("к сведению")
        WARNING = "warning", _("внимание")
        PROBLEM = "problem", _("требует решения")

    sheet = models.ForeignKey(
        Sheet, models.CASCADE, verbose_name=_("лист"), null=True, blank=True, related_name="findings"
    )
    recording = models.ForeignKey(
        Recording, models.CASCADE, verbose_name=_("аудиофайл"), null=True, blank=True, related_name="findings"
    )
    kind = models.CharField(_("вид"), max_length=32)
    severity = models.CharField(_("важность"), max_length=8, choices=Severity.choices)
    place = models.JSONField(_("место"), null=True, blank=True)
    value = models.CharField(_("значение"), max_length=300, blank=True)
    value_en = models.CharField(_("значение (по-английски)"), max_length=300, blank=True, default="")
    limit = models.CharField(_("предел"), max_length=100, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name = _("замечание")
        verbose_name_plural = _("замечания")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.kind

    @property
    def value_words(self) -> str:
        """The value; a sentence stands in the reader's language."""
        return either(self.value, self.value_en)


class Discrepancy(models.Model):
    """Расхождение between what a room should hold and what was scanned."""

    class Kind(models.TextChoices):
        """What is wrong."""

        MISSING = "missing", _("нет листа")
        FOREIGN = "foreign", _("чужой лист")
        TWICE = "twice", _("дважды")
        UNLISTED = "unlisted", _("не в журнале")
        UNKNOWN = "unknown", _("номер неизвестен")
        UNREADABLE = "unreadable", _("не прочитан")

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("карточка"), related_name="discrepancies")
    kind = models.CharField(_("вид"), max_length=16, choices=Kind.choices)
    severity = models.CharField(
        _("важность"), max_length=8, choices=Finding.Severity.choices, default=Finding.Severity.PROBLEM
    )
    number = models.CharField(_("номер"), max_length=13, blank=True)
    form = models.CharField(_("форма"), max_length=16, blank=True)
    text = models.TextField(_("что не так"))
    text_en = models.TextField(_("что не так (по-английски)"), blank=True, default="")
    sheet = models.ForeignKey(
        Sheet, models.CASCADE, verbose_name=_("лист"), null=True, blank=True, related_name="discrepancies"
    )
    found_at = models.DateTimeField(_("найдено"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("снято"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("расхождение")
        verbose_name_plural = _("расхождения")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """What is wrong, in the reader's language."""
        return either(self.text, self.text_en)


class ScanEntry(models.Model):
    """One line of the node's own scan journal; the first line of a sitting is the header."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("экзамен"), related_name="scan_entries")
    seq = models.PositiveIntegerField(_("номер"))
    event = models.CharField(_("событие"), max_length=32)
    line = models.BinaryField(_("строка"))

    objects = ScopedQuerySet.as_manager()
    SCOPE = "sitting__point"

    class Meta:
        verbose_name = _("запись журнала сканирования")
        verbose_name_plural = _("журнал сканирования")
        ordering = ("sitting", "seq")
        constraints = [models.UniqueConstraint(fields=("sitting", "seq"), name="one_scan_entry_of_a_seq")]

    def __str__(self) -> str:
        return f"{self.seq} {self.event}"

"""Rows of the scanning desk: rooms, files, sheets and recordings, and what is done about them.

Facts of one row only; changes are functions of the modules beside.
"""

from typing import Any, ClassVar

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.moves import Moves
from audit.subjects import AuditSubject
from common.messages import MessageField
from common.work.leases import Leased
from journals.models import Act, JournalAnswer
from scanning.states import (
    ACTIVE,
    ACTIVE_RECORDINGS,
    BATCH_MOVES,
    CARD_MOVES,
    CLOSED,
    EDITABLE,
    FOLDER_MOVES,
    RECORDING_MOVES,
    SCAN_MOVES,
    SHEET_MOVES,
    SOURCE_MOVES,
    BatchState,
    CardState,
    FolderState,
    RecordingState,
    ScanState,
    SheetState,
    SourceState,
)
from stations.models import ExamPoint, Room, Sitting
from stations.scope import ScopedQuerySet
from wire.forms import CATALOGUE, FormKind
from wire.messages import Both, Message

CHANNELS: dict[str, "str | Promise"] = {
    "browser": _("Files from the browser"),
    "api": _("Another station"),
    "folder": _("Scanner's folder"),
    "scanner": _("Scanner"),
}
#: The counts of a card, in the words of sentences.
COUNT_WORDS = {
    "registration_count": Message("registration forms"),
    "dbo_count": Message("additional forms"),
    "absent_count": Message("absent"),
    "not_finished_count": Message("not finished"),
}
COUNTS = tuple(COUNT_WORDS)
#: Height of the picture of a recording.
WAVE = 24


class RoomCard(models.Model):
    """The room card: what the room should hold. The HQ has one too, for the forms of the point."""

    State = CardState

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="cards")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), related_name="cards")
    state = models.CharField(_("state"), max_length=16, choices=CardState.choices, default=CardState.WAITING)
    registration_count = models.PositiveIntegerField(_("registration forms"), null=True, blank=True)
    dbo_count = models.PositiveIntegerField(_("Additional answer forms no. 2"), null=True, blank=True)
    absent_count = models.PositiveIntegerField(_("absent"), null=True, blank=True)
    not_finished_count = models.PositiveIntegerField(_("did not finish"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=0)
    filled_by = models.CharField(_("filled in by"), max_length=200, blank=True)
    filled_at = models.DateTimeField(_("filled in at"), null=True, blank=True)
    previous = models.JSONField(_("values before"), default=dict, blank=True)
    balance = models.JSONField(_("balance"), default=dict, blank=True)
    reconciled_at = models.DateTimeField(_("reconciled at"), null=True, blank=True)
    seen_journals = models.CharField(_("reconciled with journals"), max_length=64, blank=True)
    awaited = models.JSONField(_("sheets awaited again"), default=list, blank=True)
    reopen_reason = MessageField(_("why opened again"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    act = models.ForeignKey(Act, models.PROTECT, verbose_name=_("act"), null=True, blank=True, related_name="cards")

    objects = ScopedQuerySet.as_manager()
    SCOPE = "sitting__point"
    MOVES: ClassVar = Moves(
        CARD_MOVES,
        "scanning.card_state",
        {
            CardState.CLOSED: "scanning.card_closed",
            CardState.CLOSED_WITH_ACT: "scanning.card_closed_with_act",
            CardState.PACKED: "scanning.card_packed",
        },
    )

    class Meta:
        verbose_name = _("room card")
        verbose_name_plural = _("room cards")
        ordering = ("sitting", "room__number")
        constraints = [models.UniqueConstraint(fields=("sitting", "room"), name="one_card_a_room")]

    def __str__(self) -> str:
        return str(self.room)

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(f"{self.sitting.key} {self.room.number}")

    @property
    def is_hq(self) -> bool:
        """Whether this is the card of the HQ."""
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
        """The counts that a person types: none in the HQ, no additional forms in an oral exam."""
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


class Batch(models.Model):
    """One handing over of files: an upload in the browser, a folder, a pass of the scanner."""

    State = BatchState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("card"), related_name="batches")
    state = models.CharField(_("state"), max_length=16, choices=BatchState.choices, default=BatchState.OPEN)
    sealed_at = models.DateTimeField(_("went into a packet"), null=True, blank=True)
    number = models.PositiveIntegerField(_("number"))
    door = models.CharField(_("came by"), max_length=16)
    made_by = models.CharField(_("who"), max_length=200)
    made_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(BATCH_MOVES, "scanning.batch_state")

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ("card", "number")
        constraints = [models.UniqueConstraint(fields=("card", "number"), name="one_batch_of_a_number")]

    def __str__(self) -> str:
        return f"{self.card} · {self.number}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject().of(self.number)

    @property
    def door_label(self) -> "str | Promise":
        """Where the files came from, in words."""
        return CHANNELS.get(self.door, self.door)


class Source(Leased):
    """A file with sheets, kept as received."""

    State = SourceState

    batch = models.ForeignKey(Batch, models.PROTECT, verbose_name=_("batch"), related_name="sources")
    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("card"), related_name="sources")
    state = models.CharField(_("state"), max_length=16, choices=SourceState.choices, default=SourceState.RECEIVED)
    name = models.CharField(_("file name"), max_length=255)
    path = models.CharField(_("kept as"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("size"))
    format = models.CharField(_("format"), max_length=8)
    pages = models.PositiveIntegerField(_("pages"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(
        SOURCE_MOVES, kinds={SourceState.READ: "scanning.source_read", SourceState.RECEIVED: "scanning.source_taken"}
    )

    class Meta:
        verbose_name = _("file of scans")
        verbose_name_plural = _("files of scans")
        ordering = ("card", "id")

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject().of(self.name)


class SheetQuerySet(ScopedQuerySet["Sheet"]):
    """Sheets of the desk."""

    def active(self) -> "SheetQuerySet":
        """Return the sheets that stand for paper in an envelope."""
        return self.filter(state__in=ACTIVE)


def short_title(kind: str) -> str:
    """Return the name of a form, short: up to the first full stop of its official title."""
    form = CATALOGUE.get(kind)
    return str(Both(form.title.ru.split(".")[0], form.title.en)) if form else str(_("Form not recognised"))


class Sheet(models.Model):
    """One scanned side of paper."""

    State = SheetState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("card"), related_name="sheets")
    source = models.ForeignKey(Source, models.PROTECT, verbose_name=_("file"), related_name="sheets")
    page = models.PositiveIntegerField(_("page"))
    state = models.CharField(_("state"), max_length=16, choices=SheetState.choices, default=SheetState.RECEIVED)
    number = models.CharField(_("form number"), max_length=13, blank=True, db_index=True)
    kind = models.CharField(pgettext_lazy("kind", "form"), max_length=16, blank=True)
    address = models.JSONField(_("address in the code"), default=dict, blank=True)
    path = models.CharField(_("image"), max_length=300, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveIntegerField(_("size"), default=0)
    picture_hash = models.CharField(_("hash of the picture"), max_length=64, blank=True)
    reading = models.JSONField(_("what was read"), default=dict, blank=True)
    starts = models.PositiveSmallIntegerField(_("readings begun"), default=0)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    decision = models.CharField(_("decision"), max_length=16, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_by = models.CharField(pgettext_lazy("short", "decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(pgettext_lazy("short", "decided at"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("replaced by sheet"), null=True, blank=True, related_name="replaces"
    )

    objects = SheetQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(
        SHEET_MOVES,
        "scanning.sheet_decided",
        {
            SheetState.RECEIVED: "scanning.sheet_read_again",
            SheetState.RECOGNISED: "scanning.sheet_read",
            SheetState.PROBLEM: "scanning.sheet_read",
            SheetState.REPLACED: "scanning.sheet_replaced",
        },
    )

    class Meta:
        verbose_name = _("sheet")
        verbose_name_plural = _("sheets")
        ordering = ("card", "source", "page")
        constraints = [models.UniqueConstraint(fields=("source", "page"), name="one_sheet_a_page")]
        indexes = [models.Index(fields=("card", "state"))]

    def __str__(self) -> str:
        return self.number or f"{self.source.name}, {self.page + 1}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject()

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
        return short_title(self.kind)


class Recording(Leased):
    """One recorded answer of an oral exam, kept as received."""

    State = RecordingState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("card"), related_name="recordings")
    answer = models.ForeignKey(
        JournalAnswer,
        models.SET_NULL,
        verbose_name=_("answer in the journal"),
        null=True,
        blank=True,
        related_name="recordings",
    )
    state = models.CharField(_("state"), max_length=16, choices=RecordingState.choices, default=RecordingState.RECEIVED)
    name = models.CharField(_("file name"), max_length=255)
    path = models.CharField(_("kept as"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("size"))
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    reading = models.JSONField(_("what was heard"), default=dict, blank=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    reason = models.TextField(_("reason"), blank=True)
    decided_by = models.CharField(pgettext_lazy("short", "decided by"), max_length=200, blank=True)
    decided_at = models.DateTimeField(pgettext_lazy("short", "decided at"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(
        RECORDING_MOVES,
        "scanning.recording_decided",
        {RecordingState.READ: "scanning.recording_read", RecordingState.PROBLEM: "scanning.recording_read"},
    )

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ("card", "name")

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject().of(self.name)

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
    """A finding: one doubt of the machine about a sheet or a recording."""

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("for information")
        WARNING = "warning", _("warning")
        PROBLEM = "problem", _("needs a decision")

    sheet = models.ForeignKey(
        Sheet, models.CASCADE, verbose_name=_("sheet"), null=True, blank=True, related_name="findings"
    )
    recording = models.ForeignKey(
        Recording, models.CASCADE, verbose_name=_("recording"), null=True, blank=True, related_name="findings"
    )
    kind = models.CharField(_("kind"), max_length=32)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    place = models.JSONField(_("place"), null=True, blank=True)
    value = MessageField(_("value"))
    limit = models.CharField(_("limit"), max_length=100, blank=True)

    objects: models.Manager[Any] = models.Manager()

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.kind


class Discrepancy(models.Model):
    """A difference between what a room should hold and what was scanned."""

    class Kind(models.TextChoices):
        """What is wrong."""

        MISSING = "missing", _("sheet missing")
        FOREIGN = "foreign", _("foreign sheet")
        TWICE = "twice", _("twice")
        UNLISTED = "unlisted", _("not in the journal")
        UNKNOWN = "unknown", _("number unknown")
        UNREADABLE = "unreadable", _("not read")
        CONTESTED = "contested", _("named by two rooms")

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("card"), related_name="discrepancies")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    severity = models.CharField(
        _("severity"), max_length=8, choices=Finding.Severity.choices, default=Finding.Severity.PROBLEM
    )
    number = models.CharField(_("number"), max_length=13, blank=True)
    form = models.CharField(pgettext_lazy("kind", "form"), max_length=16, blank=True)
    text = MessageField(_("what is wrong"))
    sheet = models.ForeignKey(
        Sheet, models.CASCADE, verbose_name=_("sheet"), null=True, blank=True, related_name="discrepancies"
    )
    found_at = models.DateTimeField(_("found"), auto_now_add=True)
    resolved_at = models.DateTimeField(_("settled at"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.text)


class ScanEntry(models.Model):
    """One line of the node's own scan journal; the first line of a sitting is the header."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="scan_entries")
    seq = models.PositiveIntegerField(_("number"))
    event = models.CharField(_("event"), max_length=32)
    line = models.BinaryField(_("line"))

    objects = ScopedQuerySet.as_manager()
    SCOPE = "sitting__point"

    class Meta:
        verbose_name = _("entry of the scan journal")
        verbose_name_plural = _("scan journal")
        ordering = ("sitting", "seq")
        constraints = [models.UniqueConstraint(fields=("sitting", "seq"), name="one_scan_entry_of_a_seq")]

    def __str__(self) -> str:
        return f"{self.seq} {self.event}"


class Decision(models.Model):
    """A decision as it changed the rows of a room, so that it can be taken back until the room is closed."""

    class Kind(models.TextChoices):
        """What was decided about."""

        SHEET = "sheet", _("decision on a sheet")
        RECORDING = "recording", _("decision on a recording")
        CARD = "card", _("card saved")
        BATCH = "batch", _("batch deleted")

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("card"), related_name="steps")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    what = models.CharField(_("about"), max_length=300)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)
    made_by = models.CharField(_("who"), max_length=200)
    made_at = models.DateTimeField(_("when"), auto_now_add=True)
    undone_by = models.CharField(pgettext_lazy("short", "undone by"), max_length=200, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled by closing"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        db_table = "scanning_step"
        verbose_name = _("scanning desk step")
        verbose_name_plural = _("scanning desk steps")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what}"


class ScanJob(Leased):
    """One pass of the scanner that a person began in the page of a room."""

    State = ScanState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("card"), related_name="scan_jobs")
    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name=_("batch"), null=True, blank=True, related_name="scan_jobs"
    )
    state = models.CharField(_("state"), max_length=16, choices=ScanState.choices, default=ScanState.WAITING)
    device = models.CharField(_("scanner"), max_length=200)
    preset = models.CharField(_("preset"), max_length=32)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    made_by = models.CharField(_("who"), max_length=200)
    made_at = models.DateTimeField(_("when"), auto_now_add=True)
    ended_at = models.DateTimeField(pgettext_lazy("work", "ended"), null=True, blank=True)
    said = MessageField(pgettext_lazy("pass", "outcome"))

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(SCAN_MOVES, "scanning.scan_state")

    class Meta:
        verbose_name = _("scanner run")
        verbose_name_plural = _("scanner runs")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.card} · {self.device}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject()

    @property
    def running(self) -> bool:
        """Whether the pass is still to end."""
        return self.state in (ScanState.WAITING, ScanState.SCANNING)


class WatchedFolder(models.Model):
    """A folder into which the scanner's own software puts the sheets of one room."""

    State = FolderState

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("card"), related_name="folders")
    path = models.CharField(_("folder"), max_length=500)
    state = models.CharField(_("state"), max_length=16, choices=FolderState.choices, default=FolderState.WATCHED)
    seen = models.JSONField(_("last seen"), default=dict, blank=True)
    taken = models.PositiveIntegerField(_("files taken"), default=0)
    refused = models.PositiveIntegerField(_("files refused"), default=0)
    made_by = models.CharField(_("who"), max_length=200)
    made_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"
    MOVES: ClassVar = Moves(FOLDER_MOVES, "scanning.folder_state")

    class Meta:
        verbose_name = _("scanner folder")
        verbose_name_plural = _("scanner folders")
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=("path",), condition=models.Q(state=FolderState.WATCHED), name="one_room_a_watched_folder"
            )
        ]

    def __str__(self) -> str:
        return self.path

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.card.audit_subject().of(self.path)


class Readiness(models.Model):
    """One check of the station: every line with its verdict, as the page and the PDF show it."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="readiness")
    lines = models.JSONField(_("checks"), default=list)
    checked_by = models.CharField(_("who"), max_length=200)
    checked_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "point"

    class Meta:
        verbose_name = _("readiness check")
        verbose_name_plural = _("readiness checks")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.point} {self.checked_at:%d.%m.%Y %H:%M}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))

"""Packets of this node, declared statuses, and what is done about them."""

from pathlib import Path
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.moves import Moves
from audit.subjects import AuditSubject
from common import files
from common.messages import MessageField
from common.work.leases import Leased
from stations.models import ExamPoint, Room, Sitting
from stations.scope import ScopedQuerySet
from transfers.states import (
    COLOURS,
    LINE_MOVES,
    PACKET_MOVES,
    SETTLED,
    STATUS_COLOURS,
    STATUS_MOVES,
    WIPE_MOVES,
    LineState,
    PacketState,
    StatusState,
    WipeState,
)
from wire.documents.phone import STATUSES


class PacketKind(models.TextChoices):
    """What a packet carries."""

    STATUS = "status", _("status")
    FORMS = "forms", _("HQ forms")
    BLANKS = "blanks", _("answer forms")
    AUDIO = "audio", _("spoken answers")
    TEST = "test", _("test packet")


class StatusName(models.TextChoices):
    """Statuses of a point, in the official words."""

    READINESS = "readiness", _("«Контроль технической готовности завершён» (technical readiness checked)")
    STARTED = "started", _("«Экзамены успешно начались» (exams started)")
    EXAMS_FINISHED = "exams_finished", pgettext_lazy("bare", "«Экзамены завершены» (exams finished)")
    BLANKS_TRANSFERRED = (
        "blanks_transferred",
        pgettext_lazy("bare", "«Бланки переданы в РЦОИ» (answer forms transferred)"),
    )
    NOT_HELD = "not_held", _("«Экзамен не состоялся» (exam not held)")


class PointStatus(models.Model):
    """A status declared for a sitting. A second declaration after an undo is a second row."""

    State = StatusState

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="statuses")
    status = models.CharField(_("status"), max_length=24, choices=StatusName.choices)
    state = models.CharField(_("state"), max_length=12, choices=StatusState.choices, default=StatusState.DECLARED)
    at = models.DateTimeField(_("declared at"))
    by = models.CharField(_("who"), max_length=200)
    accepted_at = models.DateTimeField(_("accepted by the regional centre"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=200, blank=True)
    undone_reason = models.TextField(_("reason of the undoing"), blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(STATUS_MOVES, "transfers.status_moved")

    class Meta:
        verbose_name = _("status of an exam point")
        verbose_name_plural = _("statuses of exam points")
        ordering = ("sitting", "at")
        constraints = [
            models.UniqueConstraint(
                fields=("sitting", "status"), condition=~Q(state="undone"), name="one_standing_status"
            )
        ]

    def __str__(self) -> str:
        return str(_("%s") % self.get_status_display())

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(str(self))

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

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="phone_codes")
    date = models.DateField(_("day"))
    status = models.CharField(_("status"), max_length=24, choices=StatusName.choices)
    counter = models.PositiveIntegerField(_("number of the day"))
    made_at = models.DateTimeField(_("received"))
    made_by = models.CharField(_("who"), max_length=200)
    told_at = models.DateTimeField(_("taken by the centre by telephone"), null=True, blank=True)
    told_by = models.CharField(_("told by"), max_length=200, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("code for the telephone")
        verbose_name_plural = _("codes for the telephone")
        ordering = ("point", "date", "-counter")
        constraints = [models.UniqueConstraint(fields=("point", "date", "counter"), name="one_phone_code_of_a_counter")]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} № {self.counter}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))


class Wiping(Leased):
    """The originals of a sitting were wiped from this node: when, by whom, how many."""

    State = WipeState

    class Cause(models.TextChoices):
        """Why now."""

        BUTTON = "button", _("by the button")
        TERM = "term", _("the term was over")

    sitting = models.OneToOneField(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="wiping")
    state = models.CharField(_("state"), max_length=8, choices=WipeState.choices, default=WipeState.BEGUN)
    cause = models.CharField(_("why"), max_length=8, choices=Cause.choices)
    begun_at = models.DateTimeField(pgettext_lazy("work", "begun"))
    by = models.CharField(_("who"), max_length=200)
    done_at = models.DateTimeField(pgettext_lazy("work", "done"), null=True, blank=True)
    files = models.PositiveIntegerField(pgettext_lazy("number", "files"), default=0)
    size = models.PositiveBigIntegerField(_("volume"), default=0)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(WIPE_MOVES, "transfers.wiped")

    class Meta:
        verbose_name = _("wiping of originals")
        verbose_name_plural = _("wipings of originals")
        ordering = ("sitting",)

    def __str__(self) -> str:
        return f"{self.sitting.key}: {self.get_state_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.audit_subject()


class PacketQuerySet(ScopedQuerySet["Packet"]):
    """Packets as pages and gates ask for them."""

    def full(self) -> "PacketQuerySet":
        """Return the packets with what their words need."""
        return self.select_related("sitting__point__region", "sitting__subject", "room", "status", "supersedes")


class Packet(Leased):
    """A packet of this node. A version never changes; the next one is another row."""

    State = PacketState
    Kind = PacketKind

    uid = models.CharField(_("code"), max_length=36, unique=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    kind = models.CharField(_("kind"), max_length=8, choices=PacketKind.choices)
    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="packets")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), null=True, blank=True)
    status = models.ForeignKey(
        PointStatus,
        models.PROTECT,
        verbose_name=_("status of an exam point"),
        null=True,
        blank=True,
        related_name="packets",
    )
    state = models.CharField(_("state"), max_length=20, choices=PacketState.choices, default=PacketState.BUILDING)
    supersedes = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("replaces"), null=True, blank=True, related_name="next_versions"
    )
    imported = models.BooleanField(_("taken in ready-made from another node"), default=False)
    made_at = models.DateTimeField(_("begun"), auto_now_add=True)
    made_by = models.CharField(_("built by"), max_length=200)

    counts = models.JSONField(_("contents"), default=dict, blank=True)
    contents = models.JSONField(_("files"), default=list, blank=True)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    path = models.CharField(_("file"), max_length=300, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, db_index=True)
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    sealed_at = models.DateTimeField(_("encrypted at"), null=True, blank=True)
    content_sha256 = models.CharField(_("SHA-256 of the content"), max_length=64, blank=True)
    content_size = models.PositiveBigIntegerField(_("size of the content"), default=0)
    content_end = models.PositiveBigIntegerField(_("end of the content"), default=0)
    progress = models.PositiveSmallIntegerField(_("readiness, %"), default=0)

    sequence = models.PositiveIntegerField(_("sequence number of the node"), null=True, blank=True)
    prev = models.CharField(_("SHA-256 of the packet before"), max_length=64, blank=True)
    #: `wire.packet.ScanHead` as its header says it; nothing where it says none.
    scan_head = models.JSONField(_("end of the scan journal when it was signed"), default=dict, blank=True)
    node = models.CharField(_("node"), max_length=36, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.CharField(_("signed by"), max_length=200, blank=True)

    location = models.CharField(_("address of the upload"), max_length=500, blank=True)
    offset = models.PositiveBigIntegerField(_("bytes sent"), default=0)
    uploaded_at = models.DateTimeField(_("sent whole at"), null=True, blank=True)
    last_error = MessageField(_("last failure"))
    last_error_code = models.CharField(_("code of the failure"), max_length=64, blank=True)
    handed_over_at = models.DateTimeField(_("written to a flash drive at"), null=True, blank=True)
    handed_over_to = models.CharField(_("to which drive"), max_length=300, blank=True)
    delivered_at = models.DateTimeField(_("declared"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answer of the regional centre"), null=True, blank=True)
    receipt_number = models.PositiveIntegerField(_("receipt no."), null=True, blank=True)
    reasons = models.JSONField(_("reasons of the rejection"), default=list, blank=True)
    open_there = models.JSONField(_("open at the regional centre when it confirmed"), default=list, blank=True)

    objects = PacketQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(PACKET_MOVES, "transfers.packet_moved")

    class Meta:
        verbose_name = _("packet")
        verbose_name_plural = _("packets")
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
        version = " " + str(_("(version %d)") % self.version) if self.version > 1 else ""
        return f"{self.get_kind_display()}{what}{where}{version}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(str(self))

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


class HistoryEntry(models.Model):
    """A line of a packet's own story: what happened, when, by whom, in words."""

    packet = models.ForeignKey(Packet, models.PROTECT, verbose_name=_("packet"), related_name="steps")
    at = models.DateTimeField(_("when"))
    state = models.CharField(_("state"), max_length=20, choices=PacketState.choices, blank=True)
    who = models.CharField(_("who"), max_length=200)
    text = MessageField(_("what"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__sitting__point"

    class Meta:
        db_table = "transfers_packetstep"
        verbose_name = _("step of a packet")
        verbose_name_plural = _("steps of packets")
        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.text) or self.get_state_display()


class ConnectivityCheck(Leased):
    """A knock at the centre's door by one channel, begun with a test packet."""

    State = LineState

    class Channel(models.TextChoices):
        """Which of the centre's addresses."""

        MAIN = "main", _("main channel")
        RESERVE = "reserve", _("reserve channel")

    packet = models.ForeignKey(Packet, models.PROTECT, verbose_name=_("packet"), related_name="lines")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    address = models.CharField(_("address"), max_length=300)
    state = models.CharField(_("state"), max_length=8, choices=LineState.choices, default=LineState.WAITING)
    answered_at = models.DateTimeField(_("when"), null=True, blank=True)
    milliseconds = models.PositiveIntegerField(_("answered in, ms"), null=True, blank=True)
    skew_seconds = models.IntegerField(_("node's clock ahead, s"), null=True, blank=True)
    problem = MessageField(_("what went wrong"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__sitting__point"
    MOVES: ClassVar = Moves(LINE_MOVES, "transfers.line_checked")

    class Meta:
        db_table = "transfers_linecheck"
        verbose_name = _("channel check")
        verbose_name_plural = _("channel checks")
        ordering = ("packet", "pk")

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_state_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.packet.audit_subject().named(self.address)


class SequenceHead(models.Model):
    """The last signed packet of a point and signing node: the row that serialises signing."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"))
    node = models.CharField(_("node"), max_length=36)
    sequence = models.PositiveIntegerField(_("number"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        verbose_name = _("packet counter")
        verbose_name_plural = _("packet counters")
        constraints = [models.UniqueConstraint(fields=("point", "node"), name="one_head_a_node")]

    def __str__(self) -> str:
        return f"{self.point} № {self.sequence}"

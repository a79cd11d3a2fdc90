"""The inbox: what arrived as it arrived, and what the centre concludes beside it."""

import hashlib
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.moves import Moves
from audit.subjects import AuditSubject
from common.messages import MessageField
from common.work.leases import Leased
from rcoi.day.rules import COVERED_BY_ACT, related
from rcoi.states import FINDING_TABLE, PACKET_TABLE, FindingState, InboxState
from stations.scope import ScopedQuerySet
from wire.forms import CATALOGUE
from wire.messages import Message

if TYPE_CHECKING:
    from stations.models import User


class InboxKind(models.TextChoices):
    """What a packet carries."""

    STATUS = "status", _("Status")
    BLANKS = "blanks", _("Answer forms")
    FORMS = "forms", _("Exam point forms")
    AUDIO = "audio", _("Recorded answers")
    TEST = "test", _("Test packet")


class InboxChannel(models.TextChoices):
    """How a file came in."""

    NETWORK = "network", _("by network")
    FLASH = "flash", _("from a flash drive")


class InboxQuerySet(ScopedQuerySet["InboxPacket"]):
    """Packets, and the questions asked about them."""

    def visible_to(self, user: "User | Any") -> Self:
        """Return the packets of the points in scope; files of no known point show to the staff of the region."""
        rows = super().visible_to(user)
        if not getattr(user, "is_active", False) or user.point_keys() is not None:
            return rows
        return rows | self.filter(point__isnull=True).distinct()

    def current(self) -> Self:
        """Return the packets that no later acknowledged version replaced."""
        return self.filter(superseded_by__isnull=True)

    def acknowledged(self) -> Self:
        """Return the packets that count: confirmed and not replaced."""
        return self.current().filter(state=InboxState.ACKNOWLEDGED)

    def for_page(self) -> Self:
        """Return the rows with what a list shows."""
        return self.select_related("sitting__point__region", "sitting__subject", "point__region")


class InboxPacket(Leased):
    """A file that arrived as a packet. Refused ones keep their file and claim as evidence and own no uid."""

    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, unique=True)
    size = models.PositiveBigIntegerField(_("size"))
    name = models.CharField(_("file name"), max_length=240)
    path = models.CharField(_("file"), max_length=200)
    door = models.CharField(pgettext_lazy("packet", "came by"), max_length=8, choices=InboxChannel.choices)
    received_at = models.DateTimeField(_("received"), db_index=True)
    received_from = models.CharField(_("from"), max_length=200)

    uid = models.CharField(_("packet id"), max_length=36, null=True, blank=True)  # noqa: DJ001 (null is not equal to null)
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=InboxKind.choices, blank=True)
    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"), null=True, blank=True)
    sitting = models.ForeignKey(
        "stations.Sitting", models.PROTECT, verbose_name=_("exam"), null=True, blank=True, related_name="inbox"
    )
    room = models.CharField(_("room"), max_length=4, blank=True)
    node = models.CharField(_("node"), max_length=100, blank=True)
    sequence = models.PositiveBigIntegerField(_("sequence number"), null=True, blank=True)
    header = models.JSONField(_("header"), default=dict)
    signers = models.JSONField(pgettext_lazy("several", "signed by"), default=list)
    supersedes_uid = models.CharField(_("replaces"), max_length=36, blank=True)
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("replaced by"), null=True, blank=True, related_name="replaced"
    )

    state = models.CharField(_("state"), max_length=16, choices=InboxState.choices, db_index=True)
    reasons = models.JSONField(_("reasons of the rejection"), default=list)
    folder = models.CharField(_("folder of the content"), max_length=200, blank=True)
    counts = models.JSONField(_("counted"), default=dict)
    document = models.JSONField(_("room card or status"), default=dict)
    opened_at = models.DateTimeField(_("decrypted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decision"), null=True, blank=True)

    objects = InboxQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"
    MOVES: ClassVar = Moves(
        PACKET_TABLE,
        kinds={
            InboxState.OPENING: "rcoi.opening",
            InboxState.VERIFIED: "rcoi.verified",
            InboxState.ACKNOWLEDGED: "rcoi.acknowledged",
            InboxState.REJECTED: "rcoi.rejected",
        },
    )

    class Meta:
        verbose_name = _("incoming packet")
        verbose_name_plural = _("incoming packets")
        ordering = ("-received_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=("uid", "version"), name="rcoi_one_version_of_a_uid"),
            models.UniqueConstraint(fields=("point", "node", "sequence"), name="rcoi_one_packet_of_a_sequence"),
        ]
        indexes = [models.Index(fields=("sitting", "kind", "room"), name="rcoi_packet_place")]

    def __str__(self) -> str:
        return self.title

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region, self.point_code, self.title)

    def title_in(self, language: str) -> str:
        """Return what the packet is, in a language."""
        with translation.override(language):
            return self.title

    @property
    def title(self) -> str:
        """What the packet is, in words."""
        if not self.kind:
            return self.name
        where = f" {self.room}" if self.room else ""
        sitting = self.header.get("sitting", "")
        return f"{self.get_kind_display()}{where} · {sitting} · v{self.header.get('version', '')}"

    @property
    def claimed_uid(self) -> str:
        """The uid that the file names, whether or not it was given it."""
        return self.uid or str(self.header.get("uid", ""))

    @property
    def region(self) -> str:
        """Region of the point, or what the header claims."""
        return self.point.region.code if self.point else str(self.header.get("region", ""))

    @property
    def point_code(self) -> str:
        """Code of the point, or nothing."""
        return self.point.code if self.point else ""

    @property
    def is_working(self) -> bool:
        """Whether the centre has not decided yet."""
        return self.state not in (InboxState.ACKNOWLEDGED, InboxState.REJECTED)

    @property
    def file_count(self) -> int:
        """How many files of people it holds: sheets, forms, recordings, journals, acts."""
        return sum(self.counts.get(key, 0) for key in ("sheets", "forms", "recordings", "journals", "acts"))

    def lineage(self) -> "list[InboxPacket]":
        """Return every version of the packet that arrived, itself included, by the chain of `supersedes`."""
        rows = InboxPacket.objects.filter(sitting=self.sitting, kind=self.kind, room=self.room, uid__isnull=False)
        family = list(rows)
        uids = related(self.uid or "", [(each.uid or "", each.supersedes_uid) for each in family])
        return [each for each in family if each.uid in uids]

    @property
    def tone(self) -> str:
        """Colour of the state chip."""
        if self.parked_at:
            return "bad"
        return {InboxState.ACKNOWLEDGED: "ok", InboxState.REJECTED: "bad"}.get(InboxState(self.state), "info")


class InboxPart(models.Model):
    """A file out of a packet."""

    packet = models.ForeignKey(InboxPacket, models.CASCADE, verbose_name=_("packet"), related_name="%(class)ss")
    ordinal = models.PositiveIntegerField(_("no."))
    name = models.CharField(_("name"), max_length=240)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__point"

    class Meta:
        abstract = True
        ordering = ("packet", "ordinal")

    def __str__(self) -> str:
        return self.name


class InboxSheet(InboxPart):
    """A scanned sheet or HQ form."""

    kind = models.CharField(_("kind of file"), max_length=8)
    form = models.CharField(pgettext_lazy("kind", "form"), max_length=16, blank=True)
    number = models.CharField(_("number"), max_length=13, blank=True, db_index=True)

    class Meta(InboxPart.Meta):
        verbose_name = _("sheet")
        verbose_name_plural = _("sheets")

    @property
    def form_title(self) -> str:
        """Title of the form."""
        kind = CATALOGUE.get(self.form)
        return str(kind.title) if kind else ""


class InboxRecording(InboxPart):
    """A recorded answer."""

    number = models.CharField(_("registration form number"), max_length=13, blank=True)

    class Meta(InboxPart.Meta):
        verbose_name = pgettext_lazy("centre", "recorded answer")
        verbose_name_plural = pgettext_lazy("centre", "recorded answers")


class InboxJournal(InboxPart):
    """An electronic journal that came with a status."""

    kind = models.CharField(_("kind"), max_length=8, blank=True)
    station = models.CharField(_("station"), max_length=16, blank=True)
    room = models.CharField(_("room"), max_length=4, blank=True)
    serial = models.CharField(_("serial number"), max_length=64, blank=True)
    opened_at = models.DateTimeField(_("begun"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    entry_count = models.PositiveIntegerField(_("entries"), default=0)
    signed_by = models.CharField(_("signed"), max_length=120, blank=True)
    problems = models.JSONField(_("remarks"), default=list)
    #: Of a print journal: the sets that it lists, with numbers where a key of the centre opens them.
    sets = models.JSONField(_("sets"), default=list)
    #: Of a scan journal: `wire.journal.line_digests` of lines that its station signed, nothing where it did not sign
    #: them; null of one that came before they were kept.
    line_digests = models.BinaryField(_("hashes of the lines"), null=True, editable=False)

    class Meta(InboxPart.Meta):
        verbose_name = _("electronic journal")
        verbose_name_plural = _("electronic journals")


class InboxAct(InboxPart):
    """An act of a GEK member."""

    kind = models.CharField(_("kind"), max_length=24, blank=True)
    station = models.CharField(_("station"), max_length=16, blank=True)
    room = models.CharField(_("room"), max_length=4, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    made_at = models.DateTimeField(_("made at"), null=True, blank=True)
    signed_by = models.CharField(_("signed by"), max_length=200, blank=True)
    problem = MessageField(_("remark"))
    #: Room, station and ordinal of the sets that it is about; null where it names none.
    sets = models.JSONField(_("sets"), null=True, blank=True)

    class Meta(InboxPart.Meta):
        verbose_name = _("act")
        verbose_name_plural = _("acts")

    @property
    def kind_words(self) -> str:
        """The kind in words."""
        words = {
            "journal_missing": _("journal of a station not received"),
            "room_difference": _("difference in a room"),
        }
        return str(words.get(self.kind, self.kind))


def fingerprint_of(message: Message) -> str:
    """Return what tells one remark about a packet from another: MD5 of its first thousand letters in Russian."""
    return hashlib.md5(message.ru[:1000].encode(), usedforsecurity=False).hexdigest()


class FindingQuerySet(ScopedQuerySet["InboxFinding"]):
    """Findings, and the questions asked about them; those that an act covers are shown, and nobody settles them."""

    def standing(self) -> Self:
        """Return the findings about packets that nothing replaced."""
        return self.filter(packet__superseded_by__isnull=True)

    def unsettled(self) -> Self:
        """Return the findings that wait for a person; a difference that an act covers waits for nobody."""
        return self.standing().filter(state=FindingState.OPEN).exclude(code__in=COVERED_BY_ACT)


class InboxFinding(models.Model):
    """A remark about a packet's content. It never blocks a packet; a sitting stands open while one is not settled."""

    packet = models.ForeignKey(InboxPacket, models.CASCADE, verbose_name=_("packet"), related_name="findings")
    code = models.CharField(_("code"), max_length=40, db_index=True)
    text = MessageField(_("remark"))
    #: Of the remark's Russian: by it the same remark is known again, and said once.
    fingerprint = models.CharField(max_length=32, blank=True, default="", editable=False)
    number = models.CharField(_("sheet number"), max_length=13, blank=True)
    room = models.CharField(_("room"), max_length=4, blank=True)
    found_at = models.DateTimeField(_("found"))
    state = models.CharField(_("state"), max_length=8, choices=FindingState.choices, default=FindingState.OPEN)
    settled_at = models.DateTimeField(_("when settled"), null=True, blank=True)
    settled_by = models.CharField(_("who settled it"), max_length=200, blank=True)
    settled_reason = models.TextField(_("what was found out"), blank=True)

    objects = FindingQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "packet__point"
    MOVES: ClassVar = Moves(FINDING_TABLE, "rcoi.finding_settled")

    class Meta:
        verbose_name = _("remark of the checks")
        verbose_name_plural = _("remarks of the checks")
        ordering = ("packet", "pk")
        constraints = [
            models.UniqueConstraint(fields=("packet", "code", "number", "fingerprint"), name="rcoi_finding_said_once")
        ]

    def __str__(self) -> str:
        return str(self.text)

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.packet.audit_subject()

    @property
    def covered(self) -> bool:
        """Whether it only says what an act covers."""
        return self.code in COVERED_BY_ACT

    @property
    def waits(self) -> bool:
        """Whether a person has to look into it."""
        return self.state == FindingState.OPEN and not self.covered


class PointStanding(models.Model):
    """A word of a point's node about what is open there again; of each day and node the highest number counts."""

    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"))
    date = models.DateField(_("day"))
    node = models.CharField(_("node"), max_length=100)
    number = models.PositiveBigIntegerField(_("number"))
    at = models.DateTimeField(_("time of the exam point"))
    received_at = models.DateTimeField(_("received"))
    #: Exam → what is open of it, as the document says it; exams of which nothing is open too.
    said = models.JSONField(_("what was said"), default=dict)
    document = models.BinaryField(_("signed bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("word about what is open at an exam point")
        verbose_name_plural = _("words about what is open at exam points")
        ordering = ("-received_at", "-pk")
        constraints = [
            models.UniqueConstraint(fields=("point", "date", "node", "number"), name="rcoi_one_standing_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} № {self.number}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))

"""Journals as received and what we conclude from them; acts instead of them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.moves import Moves
from audit.subjects import AuditSubject
from common.messages import MessageField
from journals.states import JOURNAL_MOVES, JournalChannel, JournalState
from stations.models import ExamPoint, Room, Sitting, Station, StationAssignment
from stations.scope import ScopedQuerySet

#: Fields of doubts that no decision of a person mends: numbers that no key opens, and a chain that does not hold.
SEALED, BROKEN = "sealed", "entry"


def _same_station(journal: "Journal") -> models.Q:
    return models.Q(
        sitting=journal.sitting,
        kind=journal.kind,
        station=journal.station,
        room=journal.room,
        state__in=(JournalState.ACCEPTED, JournalState.QUARANTINED),
    )


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

        PRINT = "print", _("printing")
        VOICE = "voice", _("voice recording")
        SCAN = "scan", _("scanning")

    State = JournalState

    state = models.CharField(_("state"), max_length=12, choices=JournalState.choices, default=JournalState.RECEIVED)
    kind = models.CharField(_("journal"), max_length=8, choices=Kind.choices)
    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="journals")
    sitting = models.ForeignKey(
        Sitting, models.PROTECT, verbose_name=_("exam"), null=True, blank=True, related_name="journals"
    )
    station = models.ForeignKey(
        Station, models.PROTECT, verbose_name=_("station"), null=True, blank=True, related_name="journals"
    )
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), null=True, blank=True)
    station_said = models.CharField(_("station number in the journal"), max_length=16, blank=True)
    room_said = models.CharField(_("room in the journal"), max_length=4, blank=True)
    original_name = models.CharField(_("name it came under"), max_length=255)
    name = models.CharField(_("official name"), max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    size = models.PositiveBigIntegerField(_("size"))
    path = models.CharField(_("file"), max_length=300)
    entry_count = models.PositiveIntegerField(_("entries"), default=0)
    lines_size = models.PositiveBigIntegerField(_("size of the entries"), default=0)
    lines_sha256 = models.CharField(_("SHA-256 of the entries"), max_length=64, blank=True)
    opened_at = models.DateTimeField(_("begun"), null=True, blank=True)
    closed_at = models.DateTimeField(_("finished"), null=True, blank=True)
    skew_seconds = models.FloatField(_("station clock is fast by, s"), null=True, blank=True)
    serial = models.CharField(_("serial number of the station"), max_length=200, blank=True)
    software = models.CharField(_("software"), max_length=200, blank=True)
    signed_by = models.CharField(_("signed"), max_length=120, blank=True)
    signer_fingerprint = models.CharField(_("fingerprint of the signer"), max_length=64, blank=True)
    doubts = models.JSONField(_("remarks"), default=list)
    sealed_sets = models.PositiveIntegerField(_("sets with sealed numbers"), default=0)
    forms_opened_at = models.DateTimeField(_("form numbers opened"), null=True, blank=True)
    forms_problem = MessageField(_("why the numbers are not open"))
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, verbose_name=_("replaced by"), null=True, blank=True, related_name="supersedes"
    )
    door = models.CharField(_("came by"), max_length=8, choices=JournalChannel.choices)
    received_at = models.DateTimeField(_("received"), db_index=True)
    received_by = models.CharField(_("brought by"), max_length=200)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=200, blank=True)
    reason = models.CharField(_("reason of the decision"), max_length=500, blank=True)

    objects = JournalQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"
    MOVES: ClassVar = Moves(
        JOURNAL_MOVES,
        kinds={
            JournalState.ACCEPTED: "journals.accepted",
            JournalState.REFUSED: "journals.refused",
            JournalState.SUPERSEDED: "journals.superseded",
        },
    )

    class Meta:
        verbose_name = _("electronic journal")
        verbose_name_plural = _("electronic journals")
        ordering = ("-received_at", "-pk")
        indexes = [models.Index(fields=("sitting", "kind", "state"), name="journal_of_sitting")]

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(self.name)

    @property
    def signed(self) -> bool:
        """Whether a certificate of the region's authority stands behind it."""
        return bool(self.signed_by)

    @property
    def counts(self) -> bool:
        """Whether it counts for the gates."""
        return self.state == JournalState.ACCEPTED

    @property
    def acceptable(self) -> bool:
        """Whether a person's decision with a reason may let it count.

        Nobody's word stands for a signature or a chain of entries that do not hold, nor for numbers that no key opens:
        another copy from the station does, else an act with the token of a GEK member.
        """
        fields = {doubt.get("field", "") for doubt in self.blocking}
        return self.signed and not fields & {SEALED, BROKEN}

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

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("journal"), related_name="sets")
    ordinal = models.PositiveIntegerField(_("set no."))
    spoiled = models.BooleanField(_("spoiled"), default=False)
    unused = models.BooleanField(_("unused"), default=False)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("set of forms")
        verbose_name_plural = _("sets of forms")
        ordering = ("journal", "ordinal")
        constraints = [models.UniqueConstraint(fields=("journal", "ordinal"), name="one_set_of_an_ordinal")]

    def __str__(self) -> str:
        return f"№ {self.ordinal}"


class JournalSheet(models.Model):
    """A form of a set: the number that the station printed."""

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("journal"), related_name="sheets")
    set = models.ForeignKey(JournalSet, models.CASCADE, verbose_name=_("set"), related_name="sheets")
    kind = models.CharField(_("form"), max_length=16)
    number = models.CharField(_("number"), max_length=32, db_index=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("answer forms")
        ordering = ("journal", "set__ordinal", "kind")

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


class JournalAnswer(models.Model):
    """A recorded answer that a voice journal lists."""

    journal = models.ForeignKey(Journal, models.CASCADE, verbose_name=_("journal"), related_name="answers")
    ordinal = models.PositiveIntegerField(_("set no."))
    place = models.CharField(_("place"), max_length=8, blank=True)
    registration_number = models.CharField(_("registration form no."), max_length=32, null=True, blank=True)  # noqa: DJ001
    file_name = models.CharField(_("recording"), max_length=255)
    seconds = models.FloatField(_("length, s"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64)
    spoiled = models.BooleanField(_("spoiled"), default=False)
    unused = models.BooleanField(_("unused"), default=False)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "journal__point"

    class Meta:
        verbose_name = _("recorded answer")
        verbose_name_plural = _("recorded answers")
        ordering = ("journal", "ordinal", "file_name")
        constraints = [models.UniqueConstraint(fields=("journal", "ordinal", "file_name"), name="one_answer_file")]

    def __str__(self) -> str:
        return self.file_name


class Act(models.Model):
    """An act signed by a GEK member: a journal that cannot be had, a room closed with a difference."""

    class Kind(models.TextChoices):
        """What the act is about."""

        JOURNAL_MISSING = "journal_missing", _("The journal cannot be had")
        ROOM_DIFFERENCE = "room_difference", _("The room was closed with a difference")

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="acts")
    kind = models.CharField(_("about"), max_length=16, choices=Kind.choices)
    station_post = models.ForeignKey(
        StationAssignment, models.PROTECT, verbose_name=_("station"), null=True, blank=True, related_name="acts"
    )
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    numbers = models.JSONField(_("form numbers"), default=list)
    name = models.CharField(_("file name"), max_length=160)
    path = models.CharField(_("file"), max_length=300)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    photo = models.CharField(_("photo"), max_length=300, blank=True)
    photo_sha256 = models.CharField(_("SHA-256 of the photo"), max_length=64, blank=True)
    signed_by = models.CharField(_("signed by"), max_length=200)
    signer_fingerprint = models.CharField(_("fingerprint of the signer"), max_length=64)
    made_at = models.DateTimeField(_("made at"))
    made_by = models.CharField(_("under whose login"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return self.name

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(self.name)

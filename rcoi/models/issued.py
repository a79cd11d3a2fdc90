"""What the centre gives out: receipts, the feed, requests, files, reports. And what it knows of the statuses."""

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.moves import Moves
from audit.subjects import AuditSubject
from rcoi.models.inbox import InboxPacket
from rcoi.states import RESCAN_TABLE, STATUS_TABLE, PointStatusState, RescanState
from stations.models import Region, Sitting
from stations.scope import ScopedQuerySet


class IssuedReceipt(models.Model):
    """What the centre said about a file: one per SHA-256 and level, the signed bytes kept for ever."""

    class Level(models.TextChoices):
        """What is said."""

        DELIVERED = "delivered", _("Received")
        ACKNOWLEDGED = "acknowledged", pgettext_lazy("bare", "«Подтвержден» (confirmed)")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Revoked")

    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("packet"), related_name="receipts")
    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"), null=True, blank=True)
    number = models.PositiveBigIntegerField(_("number"), unique=True)
    level = models.CharField(_("what is said"), max_length=16, choices=Level.choices)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    supersedes = models.PositiveBigIntegerField(_("instead of receipt no."), null=True, blank=True)
    reasons = models.JSONField(_("reasons"), default=list)
    open = models.JSONField(_("open about the packet when it was confirmed"), default=list)
    issued_at = models.DateTimeField(_("issued at"))
    body = models.BinaryField(_("signed bytes"))
    body_sha256 = models.CharField(_("SHA-256 of the receipt"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("issued receipt")
        verbose_name_plural = _("issued receipts")
        ordering = ("-number",)
        constraints = [models.UniqueConstraint(fields=("sha256", "level"), name="rcoi_one_receipt_a_level")]

    def __str__(self) -> str:
        return f"№ {self.number} {self.get_level_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.packet.audit_subject().named(str(self))


class NumberSequence(models.Model):
    """The last number given out in a series, and the hash of what has it; the row that serialises its writers."""

    name = models.CharField(max_length=64, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        db_table = "rcoi_series"
        verbose_name = _("numbering")
        verbose_name_plural = _("numbering")

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"


class FeedEntry(models.Model):
    """One signed word of the centre to one point."""

    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"), related_name="feed")
    number = models.PositiveBigIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=16)
    at = models.DateTimeField(_("time"))
    prev = models.CharField(pgettext_lazy("receipt", "hash of the one before"), max_length=64, blank=True)
    hash = models.CharField(_("hash"), max_length=64)
    body = models.BinaryField(_("signed bytes"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("feed item")
        verbose_name_plural = _("feed of the regional centre")
        ordering = ("point", "-number")
        constraints = [models.UniqueConstraint(fields=("point", "number"), name="rcoi_feed_number_once")]

    def __str__(self) -> str:
        return f"{self.point} № {self.number} {self.kind_words}"

    @property
    def kind_words(self) -> str:
        """The kind in words."""
        words: dict[str, Any] = {
            "receipt": _("receipt"),
            "status_undo": _("status undone"),
            "rescan_request": _("rescan request"),
            "withdrawal": _("withdrawal of a packet"),
            "reserve_key": _("reserve key"),
            "crl": _("revocation list"),
            "announcement": _("announcement"),
        }
        return str(words.get(self.kind, self.kind))


class RescanRequest(models.Model):
    """The centre asks a point to scan sheets again."""

    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("packet"), related_name="rescans")
    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="rescans")
    room = models.CharField(_("room"), max_length=4, blank=True)
    numbers = models.JSONField(_("sheet numbers"), default=list)
    reason = models.TextField(_("reason"))
    by = models.CharField(_("requested by"), max_length=200)
    at = models.DateTimeField(_("requested at"))
    entry = models.OneToOneField(FeedEntry, models.PROTECT, verbose_name=_("feed item"))
    state = models.CharField(_("state"), max_length=8, choices=RescanState.choices, default=RescanState.OPEN)
    answered_by = models.ForeignKey(
        InboxPacket, models.PROTECT, verbose_name=_("answer"), null=True, blank=True, related_name="answers"
    )

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(RESCAN_TABLE, "rcoi.rescan_answered")

    class Meta:
        verbose_name = _("rescan request")
        verbose_name_plural = _("rescan requests")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.packet}: {', '.join(self.numbers)}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(self.packet.title)


class PointStatusRecord(models.Model):
    """A status of a point as the centre knows it."""

    class Status(models.TextChoices):
        """Statuses of the day, in their order (DOMAIN §1)."""

        READINESS = "readiness", _("«Контроль технической готовности завершён» (technical readiness checked)")
        STARTED = "started", _("«Экзамены успешно начались» (exams started)")
        EXAMS_FINISHED = "exams_finished", pgettext_lazy("bare", "«Экзамены завершены» (exams finished)")
        BLANKS_TRANSFERRED = (
            "blanks_transferred",
            pgettext_lazy("bare", "«Бланки переданы в РЦОИ» (answer forms transferred)"),
        )
        NOT_HELD = "not_held", _("«Экзамен не состоялся» (exam not held)")

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="status_records")
    status = models.CharField(_("status"), max_length=24, choices=Status.choices)
    state = models.CharField(
        _("state"), max_length=8, choices=PointStatusState.choices, default=PointStatusState.REPORTED
    )
    declared_at = models.DateTimeField(_("declared at the exam point"))
    declared_by = models.CharField(_("declared by"), max_length=200, blank=True)
    reported_at = models.DateTimeField(_("accepted by the regional centre"))
    packet = models.ForeignKey(InboxPacket, models.PROTECT, verbose_name=_("packet"), related_name="status_records")
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=200, blank=True)
    undo_reason = models.TextField(_("reason of the undoing"), blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"
    MOVES: ClassVar = Moves(
        STATUS_TABLE, kinds={PointStatusState.REPORTED: "rcoi.status", PointStatusState.UNDONE: "rcoi.status_undone"}
    )

    class Meta:
        verbose_name = _("status of an exam point")
        verbose_name_plural = _("statuses of exam points")
        ordering = ("sitting", "declared_at")
        constraints = [models.UniqueConstraint(fields=("sitting", "status"), name="rcoi_one_record_of_a_status")]

    def __str__(self) -> str:
        return f"{self.sitting.key}: {self.get_status_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.sitting.point.audit_subject().named(f"{self.sitting.key} {self.status}")


class PhoneReport(models.Model):
    """A code that somebody typed in from the telephone: taken once, or wrong; wrong ones are counted."""

    class Outcome(models.TextChoices):
        """What came of it."""

        ACCEPTED = "accepted", _("accepted")
        WRONG = "wrong", _("wrong")

    point = models.ForeignKey(
        "stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"), related_name="phone_words"
    )
    date = models.DateField(_("day"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    status = models.CharField(_("status"), max_length=24, choices=PointStatusRecord.Status.choices, blank=True)
    counter = models.PositiveIntegerField(_("number of the day"), null=True, blank=True)
    answer = models.CharField(_("answer for the point"), max_length=4, blank=True)
    at = models.DateTimeField(_("when"))
    by = models.CharField(_("who"), max_length=200)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        db_table = "rcoi_phoneword"
        verbose_name = _("word by telephone")
        verbose_name_plural = _("words by telephone")
        ordering = ("-at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=("point", "date", "counter"), condition=models.Q(outcome="accepted"), name="rcoi_phone_code_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} {self.get_status_display() or self.get_outcome_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))


class Announcement(models.Model):
    """Words of the centre to points."""

    title = models.CharField(_("header"), max_length=200)
    text = models.TextField(_("text"))
    by = models.CharField(_("who"), max_length=200)
    at = models.DateTimeField(_("when"))
    points = models.ManyToManyField("stations.ExamPoint", verbose_name=_("Exam point"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "points"

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
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

        PACKET = "packet", _("Confirmation of a packet by the regional centre")
        POINT = "point", _("Closing act of an exam point")
        REGION = "region", _("Summary of the region")

    kind = models.CharField(_("report"), max_length=8, choices=Kind.choices)
    key = models.CharField(_("about"), max_length=64)
    point = models.ForeignKey("stations.ExamPoint", models.PROTECT, verbose_name=_("Exam point"), null=True, blank=True)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("region"))
    number = models.PositiveBigIntegerField(_("number"), unique=True)
    data_sha256 = models.CharField(_("SHA-256 of the data"), max_length=64)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    path = models.CharField(_("file"), max_length=200)
    made_at = models.DateTimeField(_("formed at"))
    made_by = models.CharField(_("formed by"), max_length=200)
    prints = models.PositiveIntegerField(_("times handed out"), default=0)

    objects = ReportQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ("-number",)
        constraints = [
            models.UniqueConstraint(fields=("kind", "key", "data_sha256"), name="rcoi_same_data_same_report")
        ]

    def __str__(self) -> str:
        return f"№ {self.number} {self.get_kind_display()} {self.key}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region.code, self.point.code if self.point else "", str(self))

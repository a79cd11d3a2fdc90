"""What the centre says: its feed and its receipts, kept as received."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.subjects import AuditSubject
from common.messages import MessageField
from common.work.leases import Leased
from stations.models import ExamPoint
from stations.scope import ScopedQuerySet
from transfers.models.packets import Packet
from wire.names.files import receipt_name


class ReceiptLevel(models.TextChoices):
    """What the centre says of a file."""

    DELIVERED = "delivered", _("«Передан» (delivered)")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("bare", "«Подтвержден» (confirmed)")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Revoked")


class AnswerChannel(models.TextChoices):
    """How a word of the centre came."""

    FEED = "feed", _("feed")
    ANSWER = "answer", _("answer to the transfer")
    FLASH = "flash", _("flash drive")


class FeedKind(models.TextChoices):
    """What the centre tells."""

    RECEIPT = "receipt", _("Receipt")
    STATUS_UNDO = "status_undo", _("Status undone")
    RESCAN_REQUEST = "rescan_request", _("Rescan request")
    WITHDRAWAL = "withdrawal", _("Packet withdrawn")
    RESERVE_KEY = "reserve_key", _("Reserve access key")
    CRL = "crl", _("Revocation list")
    ANNOUNCEMENT = "announcement", _("Announcement")


class FeedCursor(Leased):
    """How far a point has read the centre's feed."""

    point = models.OneToOneField(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="feed_cursor")
    number = models.PositiveIntegerField(_("last number"), default=0)
    prev = models.CharField(_("hash of the last item"), max_length=64, blank=True)
    answered_at = models.DateTimeField(_("last answer of the regional centre"), null=True, blank=True)
    trouble = MessageField(_("what went wrong since"))
    trouble_code = models.CharField(_("code of the failure"), max_length=64, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("reading of the regional centre's feed")
        verbose_name_plural = _("reading of the regional centre's feed")

    def __str__(self) -> str:
        return f"{self.point} № {self.number}"


class FeedRecord(models.Model):
    """An item of the centre's feed, kept as received."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="feed_records")
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=20, choices=FeedKind.choices)
    at = models.DateTimeField(_("time of the regional centre"))
    body = models.JSONField(pgettext_lazy("file", "content"), default=dict)
    document = models.BinaryField(_("item as received"))
    problem = MessageField(_("what went wrong"))
    sha256 = models.CharField("SHA-256", max_length=64)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("feed item of the regional centre")
        verbose_name_plural = _("feed of the regional centre")
        ordering = ("point", "number")
        constraints = [models.UniqueConstraint(fields=("point", "number"), name="one_feed_item_of_a_number")]

    def __str__(self) -> str:
        return f"{self.point} № {self.number}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))


class ReceiptRecord(models.Model):
    """A receipt of the centre, its bytes kept as received."""

    packet = models.ForeignKey(
        Packet, models.PROTECT, verbose_name=_("packet"), null=True, blank=True, related_name="receipts"
    )
    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="receipt_records")
    level = models.CharField(_("level"), max_length=12, choices=ReceiptLevel.choices)
    number = models.PositiveIntegerField(_("number"))
    file_sha256 = models.CharField(_("SHA-256 of the packet's file"), max_length=64)
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    open = models.JSONField(_("open at the regional centre"), default=list, blank=True)
    counts = models.JSONField(_("contents"), default=dict, blank=True)
    node = models.CharField(_("the packet's node"), max_length=36, blank=True)
    operator = models.CharField(_("who at the regional centre"), max_length=200, blank=True)
    document = models.BinaryField(_("receipt as received"))
    door = models.CharField(_("came by"), max_length=8, choices=AnswerChannel.choices)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    issued_at = models.DateTimeField(_("issued at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ("-number",)

    def __str__(self) -> str:
        return str(_("No. %(number)d %(level)s") % {"number": self.number, "level": self.get_level_display()})

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self.packet) if self.packet else self.file_sha256[:16])

    @property
    def filename(self) -> str:
        """The receipt's name as a file."""
        return receipt_name(self.packet.name if self.packet else self.file_sha256, self.level)


class StandingReport(Leased):
    """What a point last said is open again on a day whose statuses were declared; the row is what still has to go."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="standing_reports")
    date = models.DateField(_("day"))
    number = models.PositiveBigIntegerField(_("number"))
    #: Exam → code and place of each open matter: what the next evaluation is held against.
    said = models.JSONField(_("what was said"), default=dict)
    document = models.BinaryField(_("signed bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    made_at = models.DateTimeField(_("made at"))
    told_at = models.DateTimeField(_("taken by the regional centre at"), null=True, blank=True)
    problem = MessageField(_("what went wrong"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("word about what is open again")
        verbose_name_plural = _("words about what is open again")
        ordering = ("point", "date")
        constraints = [models.UniqueConstraint(fields=("point", "date"), name="one_standing_report_of_a_day")]

    def __str__(self) -> str:
        return f"{self.point} {self.date:%d.%m.%Y} № {self.number}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(str(self))

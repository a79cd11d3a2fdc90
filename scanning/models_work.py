"""Rows of what is done at the desk: steps that may be undone, passes of the scanner, watched folders, readiness."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.errors import either
from common.work.leases import Leased
from scanning.models import Batch, RoomCard
from scanning.states import FolderState, ScanState
from stations.models import ExamPoint
from stations.scope import ScopedQuerySet


class Step(models.Model):
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
    said = models.TextField(pgettext_lazy("pass", "outcome"), blank=True)
    said_en = models.TextField(_("outcome (in English)"), blank=True, default="")

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("scanner run")
        verbose_name_plural = _("scanner runs")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.card} · {self.device}"

    @property
    def words(self) -> str:
        """How it ended, in the reader's language."""
        return either(self.said, self.said_en)

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

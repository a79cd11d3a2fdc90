"""Rows of what is done at the desk: steps that may be undone, passes of the scanner, watched folders, readiness."""

from django.db import models
from django.utils.translation import gettext_lazy as _

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

        SHEET = "sheet", _("решение по листу")
        RECORDING = "recording", _("решение по аудиофайлу")
        CARD = "card", _("сохранение карточки")
        BATCH = "batch", _("удаление пачки")

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("карточка"), related_name="steps")
    kind = models.CharField(_("вид"), max_length=16, choices=Kind.choices)
    what = models.CharField(_("о чём"), max_length=300)
    before = models.JSONField(_("было"), default=dict)
    after = models.JSONField(_("стало"), default=dict)
    made_by = models.CharField(_("кто"), max_length=200)
    made_at = models.DateTimeField(_("когда"), auto_now_add=True)
    undone_by = models.CharField(_("отменил"), max_length=200, blank=True)
    undone_at = models.DateTimeField(_("отменено"), null=True, blank=True)
    settled_at = models.DateTimeField(_("закреплено закрытием"), null=True, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("шаг станции сканирования")
        verbose_name_plural = _("шаги станции сканирования")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.what}"


class ScanJob(Leased):
    """One pass of the scanner that a person began in the page of a room."""

    State = ScanState

    card = models.ForeignKey(RoomCard, models.PROTECT, verbose_name=_("карточка"), related_name="scan_jobs")
    batch = models.ForeignKey(
        Batch, models.PROTECT, verbose_name=_("пачка"), null=True, blank=True, related_name="scan_jobs"
    )
    state = models.CharField(_("состояние"), max_length=16, choices=ScanState.choices, default=ScanState.WAITING)
    device = models.CharField(_("сканер"), max_length=200)
    preset = models.CharField(_("настройка"), max_length=32)
    pages = models.PositiveIntegerField(_("страниц"), default=0)
    made_by = models.CharField(_("кто"), max_length=200)
    made_at = models.DateTimeField(_("когда"), auto_now_add=True)
    ended_at = models.DateTimeField(_("окончено"), null=True, blank=True)
    said = models.TextField(_("чем кончилось"), blank=True)
    said_en = models.TextField(_("чем кончилось (по-английски)"), blank=True, default="")

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("проход сканера")
        verbose_name_plural = _("проходы сканера")
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

    card = models.ForeignKey(RoomCard, models.CASCADE, verbose_name=_("карточка"), related_name="folders")
    path = models.CharField(_("папка"), max_length=500)
    state = models.CharField(_("состояние"), max_length=16, choices=FolderState.choices, default=FolderState.WATCHED)
    seen = models.JSONField(_("замечено"), default=dict, blank=True)
    taken = models.PositiveIntegerField(_("принято файлов"), default=0)
    refused = models.PositiveIntegerField(_("отказано"), default=0)
    made_by = models.CharField(_("кто"), max_length=200)
    made_at = models.DateTimeField(_("когда"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "card__sitting__point"

    class Meta:
        verbose_name = _("папка сканера")
        verbose_name_plural = _("папки сканера")
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

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("ППЭ"), related_name="readiness")
    lines = models.JSONField(_("проверки"), default=list)
    checked_by = models.CharField(_("кто"), max_length=200)
    checked_at = models.DateTimeField(_("когда"), auto_now_add=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE = "point"

    class Meta:
        verbose_name = _("проверка готовности")
        verbose_name_plural = _("проверки готовности")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.point} {self.checked_at:%d.%m.%Y %H:%M}"

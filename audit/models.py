"""The log: one hash chain per exam point and one for the node."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.kinds import KINDS

NODE_CHAIN = "node"


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows that are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse: the log is append-only."""
        raise TypeError("the audit log is append-only")

    def delete(self) -> NoReturn:
        """Refuse: the log is append-only."""
        raise TypeError("the audit log is append-only")


class EventQuerySet(AppendOnlyQuerySet):
    """Events, as far as a person may see."""

    def visible_to(self, user: Any) -> "EventQuerySet":
        """Return the events of the points that a person may see; the whole log for the region's staff."""
        chains = user.point_keys()
        return self if chains is None else self.filter(chain__in=chains)


class Event(models.Model):
    """One thing that happened. Region, point and actor stand as text: the row outlives what it speaks of."""

    chain = models.CharField(_("chain"), max_length=16)
    number = models.PositiveBigIntegerField(_("number"))
    at = models.DateTimeField(_("time"), db_index=True)
    kind = models.CharField(_("event"), max_length=64, db_index=True)
    actor = models.CharField(_("who"), max_length=200, blank=True)
    means = models.CharField(_("by what means"), max_length=16)
    certificate = models.CharField(_("certificate fingerprint"), max_length=64, blank=True)
    region = models.CharField(_("region"), max_length=2, blank=True)
    point = models.CharField(_("Exam point"), max_length=4, blank=True)
    subject = models.CharField(_("about"), max_length=200, blank=True)
    data = models.JSONField(_("details"), default=dict)
    prev = models.CharField(_("hash of the one before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=("chain", "number"), name="audit_event_once_in_chain")]

    def __str__(self) -> str:
        return f"{self.chain} № {self.number}: {self.kind}"

    @property
    def kind_words(self) -> str:
        """The kind in the reader's language."""
        return str(KINDS.get(self.kind, self.kind))

    @property
    def actor_words(self) -> str:
        """Who did it; what is no person's name is said in the reader's language."""
        return gettext(self.actor)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the log is append-only."""
        raise TypeError("the audit log is append-only")


class ChainHead(models.Model):
    """The last event of a chain; the row that serialises its writers."""

    chain = models.CharField(max_length=16, primary_key=True)
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    class Meta:
        verbose_name = _("end of a chain")
        verbose_name_plural = _("ends of chains")

    def __str__(self) -> str:
        return f"{self.chain} № {self.number}"


class Anchor(models.Model):
    """A signed word of this node about the last event of each chain, made every hour; kept as it was signed."""

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    at = models.DateTimeField(_("time"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    document = models.BinaryField(_("document"))

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("anchor of the event log")
        verbose_name_plural = _("anchors of the event log")
        ordering = ("-number",)

    def __str__(self) -> str:
        return f"№ {self.number}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: the log is append-only."""
        raise TypeError("the audit log is append-only")

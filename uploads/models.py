"""One row for each file that a machine sends; the row's offset is the truth about what is durable."""

import secrets
from pathlib import Path
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.log import Actor
from audit.moves import Moves
from audit.subjects import AuditSubject
from common import files
from common.work.leases import Leased
from stations.models import User
from stations.scope import addressed
from uploads.states import MOVES, UploadState

#: What the owner of an upload is called when a person's browser sends it: this and the key of the user.
PERSON = "person:"


def new_uid() -> str:
    """Return an identifier that nobody guesses."""
    return secrets.token_hex(16)


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads, as their owner and as people may see them."""

    def owned_by(self, urn: str) -> Self:
        """Return the uploads of one machine."""
        return self.filter(owner_urn=urn)

    def unfinished(self) -> Self:
        """Return the uploads whose bytes still arrive."""
        return self.filter(state=UploadState.RECEIVING)

    def visible_to(self, user: Any) -> Self:
        """Return the uploads of the points that a person may see."""
        keys = user.point_keys()
        if keys is None:
            return self
        return self.filter(addressed(keys))


class Upload(Leased):
    """A file that arrives piece by piece."""

    uid = models.CharField(_("code"), max_length=32, unique=True, default=new_uid, editable=False)
    purpose = models.CharField(_("duty"), max_length=32)
    owner_urn = models.CharField(_("sender"), max_length=200, db_index=True)
    certificate = models.CharField(_("certificate fingerprint"), max_length=64, blank=True)
    region = models.CharField(_("region"), max_length=2, blank=True)
    point = models.CharField(_("Exam point"), max_length=4, blank=True)
    metadata_header = models.TextField(_("metadata as received"), blank=True)
    metadata = models.JSONField(_("metadata"), default=dict)
    length = models.BigIntegerField(_("size"))
    offset = models.BigIntegerField(_("bytes received"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=UploadState.choices, default=UploadState.RECEIVING)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    relative_path = models.CharField(_("file"), max_length=200, blank=True)
    result = models.JSONField(_("answer"), null=True, blank=True)
    problem = models.JSONField(_("refusal"), null=True, blank=True)
    wanted_at = models.DateTimeField(_("asked for by another connection"), null=True, editable=False)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    progress_at = models.DateTimeField(_("last bytes at"))
    expires_at = models.DateTimeField(_("kept until"))
    completed_at = models.DateTimeField(_("accepted"), null=True, blank=True)

    objects = UploadQuerySet.as_manager()
    MOVES: ClassVar = Moves(
        MOVES, kinds={state: f"uploads.{state}" for state in UploadState if state != UploadState.RECEIVING}
    )

    class Meta:
        verbose_name = _("receiving of a file")
        verbose_name_plural = _("receiving of files")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offset__gte=0) & models.Q(offset__lte=models.F("length")),
                name="offset_within_length",
            )
        ]
        indexes = [models.Index(fields=("state", "next_try_at"), name="upload_due")]

    def __str__(self) -> str:
        return f"{self.filename or self.uid} ({self.purpose})"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region, self.audit_point, str(self))

    @property
    def filename(self) -> str:
        """The name that the sender gave, as sent; never a path on this node."""
        return str(self.metadata.get("filename", ""))

    @property
    def path(self) -> Path:
        """The complete file. Its handler may hard-link it, copy it or move it away."""
        return files.inside(self.relative_path)

    @property
    def person(self) -> User | None:
        """The person whose browser sends the file; None when a machine does."""
        pk = self.owner_urn.removeprefix(PERSON)
        return User.objects.filter(pk=pk).first() if pk != self.owner_urn and pk.isdecimal() else None

    @property
    def actor(self) -> Actor:
        """The sender as the log names it."""
        person = self.person
        if person is None:
            return Actor(self.owner_urn[:200], "api", certificate=self.certificate)
        return Actor(person.get_full_name() or person.get_username(), "page", user_id=person.pk)

    @property
    def audit_point(self) -> str:
        """The point whose chain tells of this upload; empty for machines of the region."""
        return "" if self.point == "0000" else self.point

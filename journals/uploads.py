"""The resumable door: journals above what one request should carry come as tus uploads of purpose ``journal``."""

from typing import Any

from audit.log import Actor
from journals import intake
from journals.api import answer_of
from stations.models import ExamPoint
from uploads import handlers
from uploads.models import Upload
from wire.pki import CertificateRole, Identity


def ingest(upload: Upload) -> dict[str, Any]:
    """Take in a complete upload.

    Raises:
        PpeError: The file is no journal of the sender's point.
    """
    identity = Identity.parse(upload.owner_urn)
    point = ExamPoint.objects.filter(region__code=identity.region, code=identity.point).first()
    name = str(upload.metadata.get("filename", ""))
    data = upload.path.read_bytes()
    verdict = intake.ingest(data=data, name=name, door="api", actor=Actor(identity.urn, "api"), point=point)
    if verdict.journal is None:
        raise verdict.refusal or RuntimeError(verdict.line)
    return answer_of(verdict, verdict.journal)


def register() -> None:
    """Open the door."""
    handlers.register(
        "journal",
        ingest,
        roles={CertificateRole.PRINT, CertificateRole.VOICE, CertificateRole.SCAN, CertificateRole.HQ},
        max_bytes=intake.MAX_SIZE,
    )

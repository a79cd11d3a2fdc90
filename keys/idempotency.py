"""One effect and one answer for a request that a machine repeats under the same ``Idempotency-Key``."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework.response import Response

from common.work.clock import now
from keys.errors import KeysError
from keys.models import KeptAnswer
from keys.sessions import Machine
from wire.messages import Message

HEADER = "Idempotency-Key"
#: How long an answer is kept, and how long a request may take before a repetition takes its place.
KEPT, PATIENCE = timedelta(hours=24), timedelta(seconds=60)
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
#: The header of every POST that may be repeated.
PARAMETER = OpenApiParameter(
    HEADER,
    location=OpenApiParameter.HEADER,
    description="1–100 visible ASCII characters. The same key with the same request within 24 hours gets the first "
    "answer again (`Idempotency-Replayed: true`); with another request, 422.",
)


class BadKeyError(KeysError):
    """The key is no key."""

    code = "idempotency_key"


class KeyReusedError(KeysError):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    http_status = 422


class StillWorkingError(KeysError):
    """The first request under this key has not been answered yet."""

    code = "request_in_progress"
    http_status = 409
    permanent: ClassVar[bool] = False
    #: Six tries of a station outlast `PATIENCE`: who was killed over its request does not shut the others out.
    retry_after = 15


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what makes two requests the same."""
    return hashlib.sha256(f"{method} {path}\n".encode() + hashlib.sha256(body).digest()).hexdigest()


def once(*, machine: Machine, key: str, request: str, make: Callable[[], Response]) -> Response:
    """Answer a request, or say again what was answered to it before.

    Args:
        machine: Who asks; keys of different machines do not meet.
        key: The header; empty when the machine asks for no such care.
        request: `fingerprint` of the request.
        make: Does the work.

    Raises:
        BadKeyError: Not 1–100 visible ASCII characters.
        KeyReusedError: The key came with another request before.
        StillWorkingError: The first one is being worked upon; try again later.
    """
    if not key:
        return make()
    if not _KEY.fullmatch(key):
        raise BadKeyError(Message("Idempotency-Key: 1 to 100 visible ASCII characters."))
    row, mine = _claim(machine.identity.urn, key, request)
    if not mine:
        kind = "application/problem+json" if row.status and row.status >= 400 else None
        return Response(row.body, status=row.status, headers={"Idempotency-Replayed": "true"}, content_type=kind)
    try:
        response = make()
    except BaseException:
        row.delete()
        raise
    row.status, row.body = response.status_code, response.data
    row.save(update_fields=["status", "body"])
    return response


def _claim(urn: str, key: str, request: str) -> tuple[KeptAnswer, bool]:
    """Return the row of a key, and whether this request is the one to do the work."""
    at = now()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(urn=urn, key=key, request=request, at=at), True
    except IntegrityError:
        pass
    with transaction.atomic():
        row = KeptAnswer.objects.select_for_update().filter(urn=urn, key=key).first()
        if row is None or (row.status is None and row.at < at - PATIENCE):
            # Its owner failed or was killed: the request is done again, its effect is one by itself.
            row, _made = KeptAnswer.objects.update_or_create(
                urn=urn, key=key, defaults={"request": request, "at": at, "status": None}
            )
            return row, True
    if row.request != request:
        raise KeyReusedError(
            Message("This Idempotency-Key came with another request before."),
            remedy=Message("Take a new key for a new request."),
        )
    if row.status is None:
        raise StillWorkingError(Message("The request is still being worked upon."))
    return row, False


def forget() -> None:
    """Delete the answers that nobody asks for any more."""
    KeptAnswer.objects.filter(at__lt=now() - KEPT).delete()

"""tus 1.0 at ``/api/v1/uploads/`` as plain Django views: the body is read as a stream, never through a parser."""

import logging
from collections.abc import Callable
from typing import cast

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import re_path
from django.utils.http import http_date
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.settings import api_settings

from common import errors as refusals
from stations.models import User
from uploads import finishing, headers, limits, peers, people, receiving
from uploads.body import Body
from uploads.errors import (
    BadHeaderError,
    MethodNotAllowedError,
    NotLoggedInError,
    TooLargeError,
    UploadBusyError,
    WrongOffsetError,
)
from uploads.models import Upload
from uploads.receiving import Owner
from uploads.states import FINISHED, UploadState
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)

#: Refusals that are the protocol's own small talk; the log is not told of them.
_SMALL_TALK = (UploadBusyError, WrongOffsetError)


def owner_of(request: HttpRequest) -> Owner:
    """Return the machine of a request, or the person whose session it carries.

    Raises:
        NotLoggedInError: The request carries no valid session.
    """
    try:
        # By the setting, not by import: machines and their keys are known only above this room.
        scheme: type[BaseAuthentication] = api_settings.DEFAULT_AUTHENTICATION_CLASSES[0]  # type: ignore[assignment]
        answer = scheme().authenticate(Request(request))
    except APIException:
        answer = None
    person = people.owner(request) if answer is None else None
    if person is not None:
        return person
    if answer is None:
        raise NotLoggedInError(Message("Log in: no session, or it has ended."))
    machine = answer[1]
    request.auth = machine  # type: ignore[attr-defined]  # the way `audit.actor_of` finds it
    identity = machine.identity
    return Owner(identity.urn, str(identity.role), identity.region, identity.point, machine.fingerprint)


def _answer(request: HttpRequest, view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    try:
        response = view(request)
    except PpeError as refusal:
        if not isinstance(refusal, _SMALL_TALK):
            refusals.tell(refusal, request)
        response = _problem(refusal)
        _part_ways(request, response)
    response["Tus-Resumable"] = headers.VERSION
    response["Cache-Control"] = "no-store"
    return response


def _part_ways(request: HttpRequest, response: HttpResponse) -> None:
    """Close the connection of a request whose body was not read: on a slow link its rest would take minutes.

    granian closes it in any case; told so, a client does not send its next request into it.
    """
    if request.META.get("SERVER_SOFTWARE") == "Granian" and (request.META.get("CONTENT_LENGTH") or "0") != "0":
        response["Connection"] = "close"


def _problem(refusal: PpeError) -> HttpResponse:
    response = refusals.problem_response(refusal)
    if refusal.http_status == 412:
        response["Tus-Version"] = headers.VERSION
    if refusal.http_status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _empty(status: int, upload: Upload | None = None) -> HttpResponse:
    response = HttpResponse(status=status)
    if status != 204:
        response["Content-Length"] = "0"
    del response["Content-Type"]
    if upload is not None:
        response["Upload-Offset"] = str(upload.offset)
        response["Upload-State"] = UploadState(upload.state).value
        if upload.state == UploadState.RECEIVING:
            response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


def _method(request: HttpRequest) -> str:
    override = request.headers.get("X-HTTP-Method-Override", "").upper()
    return override if request.method == "POST" and override in ("PATCH", "DELETE", "HEAD") else request.method or ""


@csrf_exempt
def collection(request: HttpRequest) -> HttpResponse:
    """Say what the server can, or begin an upload."""
    return _answer(request, {"OPTIONS": _options, "POST": _create}.get(_method(request), _not_allowed))


@csrf_exempt
def single(request: HttpRequest, uid: str) -> HttpResponse:
    """Tell the offset, go on, end, or tell the answer of the room that took the file."""
    views: dict[str, Callable[[HttpRequest, str], HttpResponse]] = {
        "HEAD": _head,
        "PATCH": _patch,
        "DELETE": _delete,
        "GET": _get,
    }
    method = _method(request)
    if method == "OPTIONS":
        return _answer(request, _options)
    view = views.get(method)
    return _answer(request, _not_allowed if view is None else lambda r: view(r, uid))


def _not_allowed(request: HttpRequest) -> HttpResponse:
    response = _problem(MethodNotAllowedError(Message("This method is not accepted here.")))
    single = request.path.rstrip("/").rpartition("/")[2] != "uploads"
    response["Allow"] = "OPTIONS, HEAD, PATCH, GET, DELETE" if single else "OPTIONS, POST"
    return response


def _options(request: HttpRequest) -> HttpResponse:
    response = _empty(204)
    response["Tus-Version"] = headers.VERSION
    response["Tus-Extension"] = headers.EXTENSIONS
    response["Tus-Checksum-Algorithm"] = ",".join(headers.ALGORITHMS)
    response["Tus-Max-Size"] = str(limits.limit("UPLOAD_MAX_BYTES"))
    return response


def _create(request: HttpRequest) -> HttpResponse:
    headers.check_version(request)
    owner = owner_of(request)
    length = headers.number(request, "Upload-Length")
    if request.headers.get("Upload-Defer-Length"):
        raise BadHeaderError(Message("A deferred length is not supported."))
    header = request.headers.get("Upload-Metadata", "")
    metadata = headers.metadata(header)
    if owner.name:
        user = cast(User, request.user)
        people.require_role(user, metadata)
        owner = people.at_point(owner, user, metadata.get("sitting", "")[:7])
    carried = headers.body_length(request)
    checksum = headers.checksum(request)
    if carried is not None and carried > length:
        raise TooLargeError(Message("The body is longer than the announced file."))
    upload = receiving.create(owner=owner, length=length, metadata=metadata, metadata_header=header)
    problem: PpeError | None = None
    if carried != 0 or not length:
        try:
            _receive(request, upload, 0, carried, checksum)
        except PpeError as refusal:
            # The upload exists and its client must learn where; it sees by the offset what was kept.
            problem = refusal
    response = _empty(201, upload)
    response["Location"] = request.path.rstrip("/") + f"/{upload.uid}/"
    if problem is not None:
        log.info("creation with upload of %s stopped: %s", upload.uid, problem.code)
    return response


def _receive(
    request: HttpRequest, upload: Upload, offset: int, carried: int | None, checksum: receiving.Checksum | None
) -> Upload:
    body = Body(
        request.read,
        max(upload.length - offset, 0) if carried is None else carried,
        idle=limits.limit("UPLOAD_IDLE_SECONDS"),
        wanted=receiving.wanted_since(upload),
        at_most=carried is None,
    )
    try:
        upload = receiving.append(upload=upload, offset=offset, body=body, checksum=checksum)
    finally:
        body.close(lambda: _before_waiting(request))
    if upload.state == UploadState.COMPLETE:
        try:
            upload = finishing.hand_over(upload)
        except Exception:
            log.exception("upload %s is whole; its handler failed and is tried again", upload.uid)
    return upload


def _before_waiting(request: HttpRequest) -> None:
    """The rest of a body is awaited only to be dropped: hold no database connection, and notice a dead peer."""
    peers.probe(request.META.get("REMOTE_ADDR", ""))
    if not connection.in_atomic_block:
        connection.close()


def _head(request: HttpRequest, uid: str) -> HttpResponse:
    headers.check_version(request)
    upload = receiving.settled(receiving.find(owner=owner_of(request), uid=uid))
    response = _empty(200, upload)
    response["Upload-Length"] = str(upload.length)
    if upload.metadata_header:
        response["Upload-Metadata"] = upload.metadata_header
    return response


def _patch(request: HttpRequest, uid: str) -> HttpResponse:
    headers.check_version(request)
    upload = receiving.find(owner=owner_of(request), uid=uid)
    carried = headers.body_length(request)
    offset = headers.number(request, "Upload-Offset")
    upload = _receive(request, upload, offset, carried, headers.checksum(request))
    # Whole is whole, also when the file is refused for what stands in it: a client of the protocol would take an error
    # for a broken upload and begin anew. What became of the file stands under the address of the upload (GET).
    return _empty(204, upload)


def _delete(request: HttpRequest, uid: str) -> HttpResponse:
    headers.check_version(request)
    owner = owner_of(request)
    receiving.terminate(upload=receiving.find(owner=owner, uid=uid), actor=owner.actor)
    return _empty(204)


def _get(request: HttpRequest, uid: str) -> HttpResponse:
    upload = receiving.find(owner=owner_of(request), uid=uid)
    if upload.state == UploadState.RECEIVING and upload.offset == upload.length:
        upload = receiving.settled(upload)
    if upload.state == UploadState.COMPLETE:
        try:
            upload = finishing.hand_over(upload)
        except Exception:
            log.exception("upload %s is whole; its handler failed and is tried again", upload.uid)
    return JsonResponse(
        {
            "uid": upload.uid,
            "purpose": upload.purpose,
            "state": upload.state,
            "offset": upload.offset,
            "length": upload.length,
            "sha256": upload.sha256,
            "finished": upload.state in FINISHED,
            "result": upload.result,
            "problem": upload.problem,
        }
    )


urlpatterns = [
    re_path(r"^uploads/?$", collection, name="uploads"),
    re_path(r"^uploads/(?P<uid>[0-9a-f]{32})/?$", single, name="upload"),
]

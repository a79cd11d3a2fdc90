"""Journals over the network: ``POST journals/`` with the file as the body, ``GET journals/<sha256>/`` for its state."""

from email.errors import HeaderParseError
from email.header import decode_header, make_header

from django.urls import path
from django.utils.http import parse_header_parameters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import problem
from common.web.api import UNANNOUNCED, UntouchedBody
from journals import intake
from journals.errors import JournalNotThereError, JournalsError, TooBigError
from journals.models import Journal
from journals.verdicts import Verdict
from keys import idempotency
from keys.authentication import Machine
from keys.machines import StationOrNode, machine_of, point_of
from wire import canonical
from wire.messages import Both

NODES = ("hq",)
_BLOCK = 1 << 18


class JournalAcceptance(serializers.Serializer[None]):
    """What became of a journal."""

    state = serializers.ChoiceField(choices=["accepted", "quarantined", "refused", "superseded"])
    line = serializers.CharField(help_text="The verdict in one line, Russian.")
    repeated = serializers.BooleanField(help_text="The same journal was here before; nothing changed.")
    sha256 = serializers.CharField()
    name = serializers.CharField(help_text="The official name.")
    received_at = serializers.CharField()
    entries = serializers.IntegerField()
    doubts = serializers.ListField(child=serializers.DictField())


_ACCEPTED = OpenApiExample(
    "accepted",
    value={
        "state": "accepted",
        "line": "END_PRINT_….dat: принят: Станция печати 0001, ауд. 0101, записей: 45",
        "repeated": False,
        "sha256": "…",
        "name": "END_PRINT_….dat",
        "received_at": "2026-05-29T11:02:00.000000Z",
        "entries": 45,
        "doubts": [],
    },
    response_only=True,
    status_codes=["201"],
)
_ONCE_MORE = OpenApiExample(
    "once more",
    value={
        "state": "accepted",
        "line": "END_PRINT_….dat: уже получен в 14:02, состояние: принят",
        "repeated": True,
        "sha256": "…",
        "name": "END_PRINT_….dat",
        "received_at": "2026-05-29T11:02:00.000000Z",
        "entries": 45,
        "doubts": [],
    },
    response_only=True,
    status_codes=["200"],
)


def answer_of(verdict: Verdict, row: Journal) -> dict[str, object]:
    """Return a verdict as the API answers it."""
    return {
        "state": row.state,
        "line": verdict.line,
        "repeated": verdict.repeated,
        "sha256": row.sha256,
        "name": row.name,
        "received_at": canonical.stamp(row.received_at),
        "entries": row.entry_count,
        "doubts": row.doubts,
    }


def name_in(request: Request) -> str:
    """Return the file's name from ``Content-Disposition``; `filename*` (RFC 8187) goes before `filename`.

    Clients write other letters into `filename` as they stand, or as mail does. granian drops a header that is not
    ASCII: the file then comes without a name, and is judged by what stands in it.
    """
    header = request.headers.get("Content-Disposition", "")
    try:
        _kind, parameters = parse_header_parameters(header)
        name: str = parameters.get("filename", "")
        return name if "filename*" in header.lower() else _mended(name)
    except (ValueError, LookupError, HeaderParseError):
        # A name in an alphabet that nobody knows is no name.
        return ""


def _mended(name: str) -> str:
    """Return a name whose letters came as bytes, which the server reads as Latin-1, or as words of RFC 2047."""
    if "=?" in name:
        return str(make_header(decode_header(name)))
    if name.isascii():
        return name
    raw = name.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1251")


def body_of(request: Request) -> bytes:
    """Read a body up to the limit of a journal.

    Raises:
        TooBigError: It is longer.
    """
    announced = "0" if UNANNOUNCED in request.META else request.headers.get("Content-Length", "0")
    if announced.isdecimal() and int(announced) > intake.MAX_SIZE:
        raise TooBigError(intake.MAX_SIZE)
    blocks, size = [], 0
    while block := request._request.read(_BLOCK):
        size += len(block)
        if size > intake.MAX_SIZE:
            raise TooBigError(intake.MAX_SIZE)
        blocks.append(block)
    return b"".join(blocks)


class JournalsView(APIView):
    """The door of the network."""

    permission_classes = (IsAuthenticated, StationOrNode)
    parser_classes = (UntouchedBody,)

    @extend_schema(
        operation_id="journals_send",
        tags=["journals"],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        parameters=[
            OpenApiParameter(
                "Content-Disposition",
                location=OpenApiParameter.HEADER,
                description="attachment; filename*=UTF-8''END_PRINT_….dat",
            ),
            idempotency.PARAMETER,
        ],
        responses={
            200: OpenApiResponse(JournalAcceptance, description="The same journal was here before."),
            201: OpenApiResponse(JournalAcceptance, description="Taken in: accepted or quarantined."),
            400: OpenApiResponse(description="Empty: problem details"),
            401: OpenApiResponse(description="No session: problem details"),
            403: OpenApiResponse(description="Not a station of this point: problem details"),
            409: OpenApiResponse(description="The same request is being worked upon: problem details"),
            413: OpenApiResponse(description="Too big: problem details"),
            422: OpenApiResponse(description="Not a journal, of elsewhere, or the key was used for another request"),
        },
        examples=[_ACCEPTED, _ONCE_MORE],
    )
    def post(self, request: Request) -> Response:
        """Take in the journal that is the body of the request. Sending it again is harmless."""
        machine, data, name = machine_of(request), body_of(request), name_in(request)
        key = request.headers.get(idempotency.HEADER, "")
        same = idempotency.fingerprint("POST", f"{request.path} {name}", data) if key else ""
        return idempotency.once(machine=machine, key=key, request=same, make=lambda: self._take(machine, data, name))

    def _take(self, machine: Machine, data: bytes, name: str) -> Response:
        verdict = intake.ingest(data=data, name=name, door="api", actor=machine.actor, point=point_of(machine))
        if verdict.journal is None:
            refusal = verdict.refusal or JournalsError(Both(verdict.line))
            return Response(problem(refusal), status=refusal.http_status, content_type="application/problem+json")
        code = status.HTTP_200_OK if verdict.repeated else status.HTTP_201_CREATED
        return Response(answer_of(verdict, verdict.journal), status=code)


class JournalView(APIView):
    """The state of one journal."""

    permission_classes = (IsAuthenticated, StationOrNode)

    @extend_schema(
        operation_id="journals_state",
        tags=["journals"],
        examples=[_ONCE_MORE],
        responses={
            200: JournalAcceptance,
            401: OpenApiResponse(description="No session: problem details"),
            404: OpenApiResponse(description="This journal never came: problem details"),
        },
    )
    def get(self, request: Request, sha256: str) -> Response:
        """Return what became of a journal that this point's machines sent."""
        point = point_of(machine_of(request))
        row = Journal.objects.filter(sha256=sha256, point=point).first()
        if row is None:
            raise JournalNotThereError
        return Response(answer_of(Verdict(row.state, str(row.get_state_display()), row, repeated=True), row))


urlpatterns = [
    path("journals/", JournalsView.as_view(), name="journals"),
    path("journals/<str:sha256>/", JournalView.as_view(), name="journal"),
]

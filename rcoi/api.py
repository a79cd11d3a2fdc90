"""REST of the centre for the machines of the points: the feed and the receipts, each point its own."""

import base64
import re
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.log import actor_of
from keys.sessions import Machine
from rcoi.answering import feed, receipts
from rcoi.models import IssuedReceipt
from rcoi.receiving import standing
from stations.models import ExamPoint

NODES = ("rcoi",)
MAX_NUMBER = 2**53
MAX_WORD = 4 << 20


def point_of(request: Request) -> ExamPoint:
    """Return the point whose machine asks.

    Raises:
        PermissionDenied: The machine is of no point of this region.
    """
    machine: Machine = request.auth  # type: ignore[assignment]  # the stubs know no other tokens
    identity = machine.identity
    point = ExamPoint.objects.filter(region__code=identity.region, code=identity.point).select_related("region").first()
    if point is None:
        raise PermissionDenied
    return point


class FeedView(APIView):
    """The feed of the machine's own point."""

    @extend_schema(
        operation_id="feed",
        parameters=[OpenApiParameter("after", int, description="Number of the last item that is known; 0 for none")],
        responses={
            200: inline_serializer(
                "Feed",
                {
                    "after": serializers.IntegerField(),
                    "items": inline_serializer(
                        "FeedRow", {"number": serializers.IntegerField(), "item": serializers.CharField()}, many=True
                    ),
                    "last": serializers.IntegerField(),
                    "more": serializers.BooleanField(),
                },
            ),
            400: OpenApiResponse(description="`after` is no number: problem details"),
        },
        examples=[
            OpenApiExample(
                "two items",
                response_only=True,
                status_codes=["200"],
                value={
                    "after": 7,
                    "items": [{"number": 8, "item": "MIIF…"}, {"number": 9, "item": "MIIG…"}],
                    "last": 9,
                    "more": False,
                },
            )
        ],
        tags=["feed"],
    )
    def get(self, request: Request) -> Response:
        """Return the items after a number, oldest first, each as it was signed, in base64."""
        point = point_of(request)
        text = request.query_params.get("after", "0")
        if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > MAX_NUMBER:
            raise ParseError({"after": "a number is expected"})
        after = int(text)
        entries = feed.after(point, after)
        last = feed.last_number(point)
        items: list[dict[str, Any]] = [
            {"number": entry.number, "item": base64.b64encode(bytes(entry.body)).decode("ascii")} for entry in entries
        ]
        return Response(
            {"after": after, "items": items, "last": last, "more": bool(entries) and entries[-1].number < last}
        )


class ReceiptView(APIView):
    """The latest receipt of a file that the machine's own point sent."""

    @extend_schema(
        operation_id="receipt",
        parameters=[OpenApiParameter("level", str, description="Another level than the latest")],
        responses={
            (200, "application/cms"): OpenApiResponse(OpenApiTypes.BINARY, description="The receipt as it was signed."),
            404: OpenApiResponse(description="No such receipt for this point: problem details"),
        },
        tags=["feed"],
    )
    def get(self, request: Request, sha256: str) -> HttpResponse:
        """Return the stored bytes."""
        rows = IssuedReceipt.objects.filter(sha256=sha256, point=point_of(request)).order_by("-number")
        level = request.query_params.get("level")
        row = (rows.filter(level=level) if level else rows).first()
        if row is None:
            raise Http404
        answer = HttpResponse(receipts.bytes_of(row), content_type="application/cms")
        answer["X-Receipt-Level"], answer["X-Receipt-Number"] = row.level, str(row.number)
        answer["Content-Disposition"] = f'attachment; filename="{sha256}.{row.level}.p7m"'
        return answer


class StandingView(APIView):
    """What the machine's own point says is open there again."""

    @extend_schema(
        operation_id="standing",
        request=inline_serializer(
            "StandingWord", {"p7m": serializers.CharField(max_length=MAX_WORD, help_text="The signed word, in base64")}
        ),
        responses={
            200: inline_serializer("StandingTaken", {"number": serializers.IntegerField()}),
            400: OpenApiResponse(description="`p7m` is no base64: problem details"),
            403: OpenApiResponse(description="Its signature or signer is refused: problem details"),
            409: OpenApiResponse(description="Other bytes came under its number: problem details"),
            422: OpenApiResponse(description="It is of another mode, point or exam: problem details"),
        },
        examples=[
            OpenApiExample("taken", response_only=True, status_codes=["200"], value={"number": 3}),
            OpenApiExample("a word", request_only=True, value={"p7m": "MIIF…"}),
        ],
        tags=["standing"],
    )
    def post(self, request: Request) -> Response:
        """Take in a word and return the number of the one that counts: this one, or a later one that came before."""
        machine: Machine = request.auth  # type: ignore[assignment]  # the stubs know no other tokens
        text = request.data.get("p7m") if isinstance(request.data, dict) else None
        try:
            document = base64.b64decode(text if isinstance(text, str) else "!", validate=True)
        except ValueError as error:
            raise ParseError({"p7m": "base64 is expected"}) from error
        row = standing.receive(document=document, sender=machine.identity, actor=actor_of(request))
        return Response({"number": row.number})


urlpatterns = [
    path("feed/", FeedView.as_view(), name="feed"),
    path("receipts/<str:sha256>/", ReceiptView.as_view(), name="receipt"),
    path("standing/", StandingView.as_view(), name="standing"),
]

"""A station over the network: what it is to know of its day, and its signs of life."""

from typing import Any

from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from keys import idempotency
from keys.authentication import Machine
from keys.machines import OnlyStation, machine_of, point_of
from stations import heartbeats
from stations.models import Heartbeat
from wire import canonical

NODES = ("hq",)
_NO_SESSION = OpenApiResponse(description="No session: problem details")
_NO_STATION = OpenApiResponse(description="Not a station: problem details")
_UNKNOWN = OpenApiResponse(description="The registry does not know the station: problem details")


class AssignmentAnswer(serializers.Serializer[None]):
    """A station in a room of a sitting."""

    room = serializers.CharField(allow_null=True)
    place = serializers.CharField(allow_blank=True)
    duty = serializers.CharField()
    replaced = serializers.BooleanField()
    journal = serializers.CharField(help_text="The name that its journal should have.")


class SittingAnswer(serializers.Serializer[None]):
    """A sitting with the station's posts."""

    key = serializers.CharField()
    date = serializers.CharField()
    subject = serializers.CharField()
    subject_name = serializers.CharField()
    mode = serializers.CharField()
    posts = AssignmentAnswer(many=True)


class StationAnswer(serializers.Serializer[None]):
    """The station as the registry has it."""

    kind = serializers.CharField()
    number = serializers.CharField()
    serial = serializers.CharField(allow_blank=True)
    duty = serializers.CharField()


class ConfigurationAnswer(serializers.Serializer[None]):
    """What a station is to know."""

    station = StationAnswer()
    region = serializers.CharField()
    point = serializers.CharField()
    timezone = serializers.CharField()
    mode = serializers.CharField()
    server_time = serializers.CharField(help_text="Compare your clock with it.")
    heartbeat_seconds = serializers.IntegerField()
    sittings = SittingAnswer(many=True)


class HeartbeatRequest(serializers.Serializer[None]):
    """A sign of life."""

    state = serializers.ChoiceField(choices=Heartbeat.State.choices)
    at = serializers.RegexField(
        r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$",
        help_text="The station's own clock: 2026-05-29T10:00:00.000000Z.",
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=200, trim_whitespace=False)
    paper = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=100, help_text="Per cent.")
    toner = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=100, help_text="Per cent.")
    battery = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=100, help_text="Per cent."
    )
    disk_free = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**62, help_text="Bytes."
    )
    software = serializers.CharField(required=False, allow_blank=True, max_length=200)


class HeartbeatAnswer(serializers.Serializer[None]):
    """What the node heard."""

    received_at = serializers.CharField()
    skew_seconds = serializers.FloatField(help_text="By how much the station's clock is ahead.")
    next_seconds = serializers.IntegerField(help_text="When to speak again.")
    troubles = serializers.ListField(child=serializers.CharField(), help_text="What somebody should look at.")


class ConfigurationView(APIView):
    """The day of a station."""

    permission_classes = (IsAuthenticated, OnlyStation)

    @extend_schema(
        operation_id="station_configuration",
        tags=["stations"],
        responses={200: ConfigurationAnswer, 401: _NO_SESSION, 403: _NO_STATION, 422: _UNKNOWN},
        examples=[
            OpenApiExample(
                "print station",
                response_only=True,
                status_codes=["200"],
                value={
                    "station": {"kind": "print", "number": "0001", "serial": "SN-1", "duty": "main"},
                    "region": "78",
                    "point": "0001",
                    "timezone": "Europe/Moscow",
                    "mode": "live",
                    "server_time": "2026-05-29T05:00:00.000000Z",
                    "heartbeat_seconds": 30,
                    "sittings": [
                        {
                            "key": "78-0001-290526-01",
                            "date": "2026-05-29",
                            "subject": "01",
                            "subject_name": "Русский язык",
                            "mode": "live",
                            "posts": [
                                {
                                    "room": "0101",
                                    "place": "",
                                    "duty": "main",
                                    "replaced": False,
                                    "journal": "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat",
                                }
                            ],
                        }
                    ],
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Return what this station is to know of today's and coming exams."""
        machine = machine_of(request)
        station = heartbeats.station_of_machine(machine.identity, point_of(machine))
        return Response(heartbeats.configuration(station=station), headers={"Cache-Control": "no-store"})


class HeartbeatView(APIView):
    """Signs of life."""

    permission_classes = (IsAuthenticated, OnlyStation)

    @extend_schema(
        operation_id="station_heartbeat",
        tags=["stations"],
        request=HeartbeatRequest,
        parameters=[idempotency.PARAMETER],
        responses={
            200: HeartbeatAnswer,
            400: OpenApiResponse(description="Malformed: problem details"),
            401: _NO_SESSION,
            403: _NO_STATION,
            409: OpenApiResponse(description="The same request is being worked upon: problem details"),
            413: OpenApiResponse(description="Too big: problem details"),
            422: OpenApiResponse(description="The station is unknown, or the key was used for another request"),
        },
        examples=[
            OpenApiExample(
                "working",
                request_only=True,
                value={
                    "state": "working",
                    "at": "2026-05-29T07:30:00.000000Z",
                    "paper": 60,
                    "toner": 80,
                    "disk_free": 52428800000,
                    "battery": None,
                    "note": "",
                    "software": "ppe-station 1.0",
                },
            ),
            OpenApiExample(
                "heard",
                response_only=True,
                status_codes=["200"],
                value={
                    "received_at": "2026-05-29T07:30:01.120000Z",
                    "skew_seconds": -1.1,
                    "next_seconds": 30,
                    "troubles": [],
                },
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Keep what the station says about itself; only the last word is kept."""
        machine = machine_of(request)
        given = HeartbeatRequest(data=request.data)
        given.is_valid(raise_exception=True)
        said = dict(given.validated_data)
        body = canonical.dumps(said)
        key = request.headers.get(idempotency.HEADER, "")
        same = idempotency.fingerprint("POST", request.path, body)
        return idempotency.once(machine=machine, key=key, request=same, make=lambda: self._take(machine, said))

    def _take(self, machine: Machine, said: dict[str, Any]) -> Response:
        station = heartbeats.station_of_machine(machine.identity, point_of(machine))
        said["at"] = canonical.parse_stamp(said["at"])
        row = heartbeats.store(station=station, report=heartbeats.HeartbeatReport(**said), actor=machine.actor)
        return Response(
            {
                "received_at": canonical.stamp(row.at),
                "skew_seconds": round(row.skew_seconds, 3),
                "next_seconds": int(heartbeats.EVERY.total_seconds()),
                "troubles": heartbeats.troubles(row),
            }
        )


urlpatterns = [
    path("station/configuration/", ConfigurationView.as_view(), name="station-configuration"),
    path("station/heartbeat/", HeartbeatView.as_view(), name="station-heartbeat"),
]

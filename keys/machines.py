"""Whom a request speaks for: a station or a node of a point."""

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from keys.authentication import Machine
from keys.errors import PointUnknownError
from stations.models import ExamPoint
from wire.messages import Message
from wire.pki import CertificateRole


class StationOrNode(BasePermission):
    """Stations and nodes of a point bring its journals: each is signed by its own station, whoever carries it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the machine is one of them."""
        machine = request.auth
        return isinstance(machine, Machine) and machine.identity.role in (
            CertificateRole.PRINT,
            CertificateRole.VOICE,
            CertificateRole.SCAN,
            CertificateRole.HQ,
        )


class OnlyStation(BasePermission):
    """A station speaks for itself."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the machine is a station."""
        machine = request.auth
        return isinstance(machine, Machine) and machine.identity.role in (
            CertificateRole.PRINT,
            CertificateRole.VOICE,
            CertificateRole.SCAN,
        )


def machine_of(request: Request) -> Machine:
    """Return the machine that is logged in; `StationOrNode` has seen to it."""
    machine = request.auth
    if not isinstance(machine, Machine):
        raise NotAuthenticated
    return machine


def point_of(machine: Machine) -> ExamPoint:
    """Return the exam point of a machine.

    Raises:
        PointUnknownError: This node does not know it.
    """
    identity = machine.identity
    row = ExamPoint.objects.filter(region__code=identity.region, code=identity.point).select_related("region").first()
    if row is None:
        raise PointUnknownError(
            Message("Point {region}-{point} is not of this node.", region=identity.region, point=identity.point)
        )
    return row

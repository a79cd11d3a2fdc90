"""Login of machines: ``POST session/challenge/``, then ``POST session/`` with the signed challenge."""

from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from keys import sessions
from wire import canonical
from wire.pki.session import MAX_SIGNED


class ChallengeAnswer(serializers.Serializer[None]):
    """A challenge to be signed."""

    challenge = serializers.CharField(
        help_text="Sign `ppe-session/1`, a line feed and this text within two minutes; it serves once."
    )


class Login(serializers.Serializer[None]):
    """A signed challenge."""

    signed = serializers.CharField(
        max_length=MAX_SIGNED,
        help_text="Base64 of CMS SignedData (DER, SHA-256, content and certificate inside) over `ppe-session/1`, a "
        "line feed and the challenge.",
    )


class LoginAnswer(serializers.Serializer[None]):
    """A session."""

    token = serializers.CharField()
    expires_at = serializers.CharField()
    identity = serializers.CharField()


class ChallengeView(APIView):
    """A challenge for a machine that wants to log in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="session_challenge",
        request=None,
        responses={200: ChallengeAnswer},
        examples=[OpenApiExample("challenge", value={"challenge": "IjR1…:1wA9Xq:…"}, response_only=True)],
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Return a fresh challenge."""
        return Response({"challenge": sessions.challenge()}, headers={"Cache-Control": "no-store"})


class SessionView(APIView):
    """Logging in and out."""

    def get_authenticators(self) -> list[object]:  # type: ignore[override]
        """Read the token on the way out only: an ended one must not stop a new login."""
        if self.request is not None and self.request.method == "POST":
            return []
        return super().get_authenticators()  # type: ignore[return-value]

    def get_permissions(self) -> list[object]:  # type: ignore[override]
        """Whoever signs may log in."""
        return [AllowAny()] if self.request.method == "POST" else [IsAuthenticated()]

    @extend_schema(
        operation_id="session_open",
        request=Login,
        responses={
            200: LoginAnswer,
            400: OpenApiResponse(description="Malformed: problem details"),
            403: OpenApiResponse(description="Signature, certificate or challenge refused: problem details"),
        },
        examples=[
            OpenApiExample(
                "session",
                value={
                    "token": "…",
                    "expires_at": "2026-05-29T10:30:00.000000Z",
                    "identity": "urn:ppe:print:78:0001:0001",
                },
                response_only=True,
            )
        ],
        tags=["session"],
    )
    def post(self, request: Request) -> Response:
        """Log a machine in."""
        said = Login(data=request.data)
        said.is_valid(raise_exception=True)
        token, row = sessions.open_session(signed=said.validated_data["signed"])
        return Response(
            {"token": token, "expires_at": canonical.stamp(row.expires_at), "identity": row.urn},
            headers={"Cache-Control": "no-store"},
        )

    @extend_schema(
        operation_id="session_close",
        request=None,
        responses={204: None, 401: OpenApiResponse(description="No session: problem details")},
        tags=["session"],
    )
    def delete(self, request: Request) -> Response:
        """End the session of the token."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme:
            sessions.end_session(token=token.strip())
        return Response(status=status.HTTP_204_NO_CONTENT)


urlpatterns = [
    path("session/challenge/", ChallengeView.as_view(), name="session-challenge"),
    path("session/", SessionView.as_view(), name="session"),
]

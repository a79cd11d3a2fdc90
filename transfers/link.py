"""The line to the centre: its address, TLS, and the machine session of each point."""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from django.conf import settings

from common.work.clock import now
from keys.models import Certificate
from keys.node import node_signer
from stations.models import ExamPoint
from transfers.errors import NoCentreError
from transfers.models import FeedCursor
from wire import canonical
from wire.errors import PpeError
from wire.messages import NOTHING, Message
from wire.pki import CertificateRole
from wire.pki.session import sign_challenge
from wire.tus_errors import ExchangeError, SessionEndedError, broken_line, refusal_of

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_AGENT = "ppe-portal/hq"
#: Deliveries at a time; the cluster has one worker more (settings.Q_CLUSTER), so that answers are read beside them.
DELIVERIES = 2
#: A number that no feed reaches: the answer is short.
FIRST_UNREAD = 2_000_000_000

_sessions: dict[tuple[str, str], tuple[str, datetime]] = {}
_guard = threading.Lock()


def has_centre() -> bool:
    """Return whether this node delivers by network at all; without an address everything goes by flash drive."""
    return bool(settings.PPE_RCOI_URL)


def require_centre() -> None:
    """Refuse to speak with a centre that has no address.

    Raises:
        NoCentreError: The node works by flash drive only.
    """
    if not has_centre():
        raise NoCentreError(
            Message("The centre's address is not set: packets go by flash drive."),
        )


def addresses() -> list[str]:
    """Return the centre's addresses, main channel first."""
    listed = (settings.PPE_RCOI_URL, settings.PPE_RCOI_RESERVE_URL)
    return [url.rstrip("/") for url in listed if url]


def address(tries: int) -> str:
    """Return the address for a try: two by the main channel, two by the reserve one, and again.

    Both lead to one centre: an upload begun by one channel goes on by the other.
    """
    listed = addresses()
    return listed[(max(tries, 1) - 1) // 2 % len(listed)]


def rate() -> float | None:
    """Return how many bytes a second one delivery may take of the line; two run at a time."""
    return settings.PPE_LINK_KBITS * 125 / DELIVERIES if settings.PPE_LINK_KBITS else None


def _tls() -> ssl.SSLContext | bool:
    """Return the TLS settings: the system's authorities and the region's own."""
    roots = Certificate.objects.filter(role=CertificateRole.CA.value).values_list("pem", flat=True)
    context = ssl.create_default_context()
    for pem in roots:
        context.load_verify_locations(cadata=pem)
    return context


def _client(base: str) -> httpx.Client:
    return httpx.Client(
        base_url=base,
        timeout=TIMEOUT,
        headers={"User-Agent": _AGENT},
        trust_env=False,
        verify=_tls() if base.startswith("https:") else True,
    )


@contextlib.contextmanager
def session(point: ExamPoint, base: str | None = None) -> Iterator[httpx.Client]:
    """Give a client that is logged in as this node for a point.

    Raises:
        NoCentreError: The node works by flash drive only.
        NodeCertificateMissingError: The node's certificate has not arrived.
        RetryLaterError: The line or the server is in trouble.
        SessionEndedError: The centre ended the session in between; the next call logs in again.
    """
    require_centre()
    base = base or addresses()[0]
    with _client(base) as client:
        client.headers["Authorization"] = f"Bearer {_token(client, point, base)}"
        try:
            yield client
        except SessionEndedError:
            forget(point, base)
            raise


def _token(client: httpx.Client, point: ExamPoint, base: str) -> str:
    key = (base, point.key)
    with _guard:
        known = _sessions.get(key)
        if known is not None and known[1] > now() + timedelta(minutes=2):
            return known[0]
    try:
        challenge = post_json(client, "/api/v1/session/challenge/", None)["challenge"]
        signed = sign_challenge(str(challenge), node_signer(point))
        answer = post_json(client, "/api/v1/session/", {"signed": signed})
        token, until = str(answer["token"]), canonical.parse_stamp(answer["expires_at"])
    except KeyError as error:
        # Something answers there, but not a centre: a captive portal, or another program.
        raise broken_line(error) from error
    with _guard:
        _sessions[key] = (token, until)
    return token


def forget(point: ExamPoint, base: str | None = None) -> None:
    """Forget the session of a point: the centre has ended it."""
    with _guard:
        for key in [k for k in _sessions if k[1] == point.key and base in (None, k[0])]:
            del _sessions[key]


def post_json(client: httpx.Client, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """Give the centre something and return its JSON answer.

    Raises:
        ExchangeError: The centre refuses, or the line is broken.
    """
    try:
        response = client.post(path, json=body)
    except httpx.HTTPError as error:
        raise broken_line(error) from error
    return _document(response)


def _document(response: httpx.Response) -> dict[str, Any]:
    if response.status_code >= 400:
        raise refusal_of(response)
    try:
        document = response.json()
    except (ValueError, RecursionError) as error:
        raise broken_line(error) from error
    if not isinstance(document, dict):
        raise broken_line()
    return document


def get_json(client: httpx.Client, path: str, **params: str | int) -> dict[str, Any]:
    """Return a JSON answer of the centre.

    Raises:
        ExchangeError: The centre refuses, or the line is broken.
    """
    try:
        response = client.get(path, params=params)
    except httpx.HTTPError as error:
        raise broken_line(error) from error
    return _document(response)


def get_bytes(client: httpx.Client, path: str) -> bytes | None:
    """Return a file of the centre; None when it has none.

    Raises:
        ExchangeError: The centre refuses, or the line is broken.
    """
    try:
        response = client.get(path)
    except httpx.HTTPError as error:
        raise broken_line(error) from error
    if response.status_code == 404:
        return None
    if response.status_code >= 400:
        raise refusal_of(response)
    if response.headers.get("Content-Type", "").partition(";")[0].strip() != "application/cms":
        # The answer to another request, repeated by something between, or not the centre at all.
        raise broken_line()
    return response.content


@dataclass(frozen=True)
class CheckedAnswer:
    """How the centre answered at an address.

    Attributes:
        milliseconds: From the question to the answer.
        skew_seconds: How far this node's clock is before the centre's; None when the centre told no time.
    """

    milliseconds: int
    skew_seconds: int | None


def check_connectivity(point: ExamPoint, base: str) -> CheckedAnswer:
    """Log in at an address from the start and ask for the feed: certificate, TLS and the way there are proven by it.

    Raises:
        PpeError: What stands in the way.
    """
    forget(point, base)
    with session(point, base) as client:
        began = time.monotonic()
        try:
            response = client.get("/api/v1/feed/", params={"after": FIRST_UNREAD})
        except httpx.HTTPError as error:
            raise broken_line(error) from error
        took = time.monotonic() - began
        _document(response)
    told = response.headers.get("Date")
    with contextlib.suppress(TypeError, ValueError):
        return CheckedAnswer(round(took * 1000), round((now() - parsedate_to_datetime(told)).total_seconds()))
    return CheckedAnswer(round(took * 1000), None)


#: What is said of every try that found no server, whatever broke it.
NO_LINE = Message("No line to the centre's server.")


def words(refusal: PpeError) -> Message:
    """Return what a person reads about a try that failed: a broken line is one thing, whatever broke it."""
    if isinstance(refusal, ExchangeError) and refusal.status is None and not refusal.permanent:
        return NO_LINE
    return refusal.message


def heard(point: ExamPoint) -> None:
    """Remember that the centre answered just now."""
    FeedCursor.objects.update_or_create(
        point=point,
        defaults={"answered_at": now(), "trouble": NOTHING, "trouble_code": ""},
    )


def silent(point: ExamPoint, refusal: PpeError) -> None:
    """Remember why the centre could not be spoken to."""
    FeedCursor.objects.update_or_create(point=point, defaults={"trouble": words(refusal), "trouble_code": refusal.code})

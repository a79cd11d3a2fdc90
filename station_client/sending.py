"""Sending journals over the network: log in with the station's key, post, say again on a bad line."""

import random
import ssl
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from station_client.home import StationError, StationHome
from wire import canonical, tus
from wire.errors import PpeError
from wire.messages import Both, Message
from wire.pki.session import sign_challenge
from wire.tus_errors import retry_after

TRIES = 6
#: Above this a journal goes as a resumable upload: a line that breaks costs a piece, not the whole.
DIRECT = 16 * 1024 * 1024
#: When a thousand stations close at once the HQ answers, but not at once.
_TIMEOUT = httpx.Timeout(120.0, connect=15.0)
_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class SendError(StationError):
    """The HQ could not be reached, or it refused."""

    code = "send"


@dataclass(frozen=True, slots=True)
class Sent:
    """What the HQ said about one journal."""

    path: Path
    state: str
    line: str


def send(
    station: StationHome,
    url: str,
    paths: list[Path],
    *,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Sent]:
    """Send journals; the same bytes may be sent any number of times.

    Raises:
        SendError: no answer after all tries, or a permanent refusal.
    """
    with session(station, url, tries=tries, sleep=sleep) as client:
        return [
            (_send_long if path.stat().st_size > DIRECT else _send_one)(client, path, tries, sleep) for path in paths
        ]


@cache
def _tls() -> ssl.SSLContext:
    # Reading the authorities of the machine costs more than a whole login: once for a process that logs in often.
    return ssl.create_default_context()


@contextmanager
def session(
    station: StationHome, url: str, *, tries: int = TRIES, sleep: Callable[[float], None] = time.sleep
) -> Iterator[httpx.Client]:
    """Log in with the station's key; the client carries the session.

    Raises:
        SendError: no answer after all tries, or a permanent refusal.
    """
    with httpx.Client(base_url=url.rstrip("/"), timeout=_TIMEOUT, verify=_tls()) as client:
        signer = station.signer

        def opened() -> httpx.Response:
            given = client.post("/api/v1/session/challenge/", json={})
            if not given.is_success:
                return given
            # A challenge serves once: when the answer was lost on the way, the next try asks for another.
            signed = sign_challenge(str((_json(given) or {}).get("challenge", "")), signer)
            return client.post("/api/v1/session/", json={"signed": signed})

        said = _again(opened, tries, sleep)
        client.headers["Authorization"] = f"Bearer {said.get('token', '')}"
        yield client


def _send_one(client: httpx.Client, path: Path, tries: int, sleep: Callable[[float], None]) -> Sent:
    data = path.read_bytes()
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(path.name)}",
        # New with every sending: its repetitions get one answer, a later sending hears how things stand then.
        "Idempotency-Key": canonical.uuid7(),
    }
    answer = ask(client, "POST", "/api/v1/journals/", tries=tries, sleep=sleep, content=data, headers=headers)
    return Sent(path, str(answer.get("state", "")), str(answer.get("line", "")))


def _send_long(client: httpx.Client, path: Path, tries: int, sleep: Callable[[float], None]) -> Sent:
    """Send a journal in pieces, going on from where the HQ stands."""
    named = {"purpose": "journal", "filename": path.name}
    location: str | None = None
    why: tus.ExchangeError | None = None
    for attempt in range(tries):
        if attempt:
            sleep(_pause(attempt, why.retry_after if why else None))
        try:
            done = tus.upload(client, "/api/v1/uploads/", path, metadata=named, location=location)
            said = tus.answer(client, str(done.location)) or {}
            result = said.get("result") or {}
            return Sent(path, str(result.get("state", said.get("state", ""))), str(result.get("line", "")))
        except tus.RetryLaterError as later:
            why, location = later, later.location or location
        except tus.ExchangeError as refused:
            raise SendError(Message("The HQ refused: {reason}", reason=refused.message)) from refused
    raise why or SendError(Message("The HQ does not answer."))


def _pause(attempt: int, asked: float | None) -> float:
    # full jitter: stations that lost the line together do not come back together
    spread = random.uniform(0, min(60, 2**attempt))  # noqa: S311 - it spreads load, it guards nothing
    return max(spread, min(asked or 0.0, 60.0))


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    *,
    tries: int = TRIES,
    sleep: Callable[[float], None] = time.sleep,
    **request: Any,
) -> dict[str, Any]:
    """Ask the HQ, again on a bad line.

    Raises:
        SendError: no answer after all tries, or a permanent refusal.
    """
    return _again(lambda: client.request(method, path, **request), tries, sleep)


def _again(ask_once: Callable[[], httpx.Response], tries: int, sleep: Callable[[float], None]) -> dict[str, Any]:
    why: PpeError | None = None
    asked: float | None = None
    for attempt in range(tries):
        if attempt:
            sleep(_pause(attempt, asked))
        try:
            response = ask_once()
        except httpx.HTTPError as error:
            why = _silence(error)
            continue
        if response.is_success:
            answer = _json(response)
            return answer if answer is not None else {}
        why, asked = _refusal(response), retry_after(response)
        if not _passes(response):
            break
    raise why or SendError(Message("The HQ does not answer."))


def _silence(error: httpx.HTTPError) -> SendError:
    """Say in words why there is no answer."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        message = Message("no connection")
    elif isinstance(error, httpx.TimeoutException):
        message = Message("no answer in time")
    else:
        message = Message("the line broke")
    return SendError(
        Message("The HQ does not answer: {why}.", why=message),
        remedy=Message("Check the address and the network, then repeat; or hand the journal over by drive: close."),
    )


def _json(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refusal(response: httpx.Response) -> SendError:
    problem = _json(response) or {}
    en = str(problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}")
    said = Both(str(problem.get("detail_ru") or en), en)
    remedy = Both(str(problem.get("cure_ru") or ""), str(problem.get("cure") or ""))
    return SendError(Message("The HQ refused: {reason}", reason=said), remedy=remedy)


def _passes(response: httpx.Response) -> bool:
    """Return whether the same request may succeed later: as the HQ says, else as its status tells."""
    permanent = (_json(response) or {}).get("permanent")
    return not permanent if isinstance(permanent, bool) else response.status_code in _RETRY

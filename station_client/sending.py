"""Sending journals over the network: log in with the station's key, post, say again on a bad line."""

import hashlib
import random
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from station_client.home import Station, StationRefusal
from wire import tus
from wire.refusals import Refusal
from wire.session import sign_challenge

TRIES = 6
#: Above this a journal goes as a resumable upload: a line that breaks costs a piece, not the whole.
DIRECT = 16 * 1024 * 1024
_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504})


class SendRefusal(StationRefusal):
    """The HQ could not be reached, or it refused."""

    code = "send"


@dataclass(frozen=True, slots=True)
class Sent:
    """What the HQ said about one journal."""

    path: Path
    state: str
    line: str


def send(
    station: Station, url: str, paths: list[Path], *, tries: int = TRIES, sleep: Callable[[float], None] = time.sleep
) -> list[Sent]:
    """Send journals; the same bytes may be sent any number of times.

    Raises:
        SendRefusal: no answer after all tries, or a permanent refusal.
    """
    with httpx.Client(base_url=url.rstrip("/"), timeout=httpx.Timeout(30.0)) as client:
        token = _login(client, station, tries, sleep)
        return [
            (_send_long if path.stat().st_size > DIRECT else _send_one)(client, token, path, tries, sleep)
            for path in paths
        ]


def _login(client: httpx.Client, station: Station, tries: int, sleep: Callable[[float], None]) -> str:
    given = _post(client, "/api/v1/session/challenge/", tries, sleep, json={})
    signed = sign_challenge(str(given.get("challenge", "")), station.signer)
    return str(_post(client, "/api/v1/session/", tries, sleep, json={"signed": signed}).get("token", ""))


def _send_one(client: httpx.Client, token: str, path: Path, tries: int, sleep: Callable[[float], None]) -> Sent:
    data = path.read_bytes()
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(path.name)}",
        "Idempotency-Key": hashlib.sha256(data).hexdigest(),
    }
    answer = _post(client, "/api/v1/journals/", tries, sleep, content=data, headers=headers)
    return Sent(path, str(answer.get("state", "")), str(answer.get("line", "")))


def _send_long(client: httpx.Client, token: str, path: Path, tries: int, sleep: Callable[[float], None]) -> Sent:
    """Send a journal in pieces, going on from where the HQ stands."""
    client.headers["Authorization"] = f"Bearer {token}"
    named = {"purpose": "journal", "filename": path.name}
    location: str | None = None
    why: tus.TransferRefusal | None = None
    for attempt in range(tries):
        if attempt:
            sleep(_pause(attempt, why.retry_after if why else None))
        try:
            done = tus.upload(client, "/api/v1/uploads/", path, metadata=named, location=location)
            said = tus.answer(client, str(done.location)) or {}
            result = said.get("result") or {}
            return Sent(path, str(result.get("state", said.get("state", ""))), str(result.get("line", "")))
        except tus.RetryLater as later:
            why, location = later, later.location or location
        except tus.TransferRefusal as refused:
            raise SendRefusal(f"Штаб отказал: {refused.ru}", f"The HQ refused: {refused.en}") from refused
    raise why or SendRefusal("Штаб не отвечает.", "The HQ does not answer.")


def _pause(attempt: int, asked: float | None) -> float:
    # full jitter: stations that lost the line together do not come back together
    spread = random.uniform(0, min(60, 2**attempt))  # noqa: S311 - it spreads load, it guards nothing
    return max(spread, min(asked or 0.0, 60.0))


def _post(
    client: httpx.Client, path: str, tries: int, sleep: Callable[[float], None], **request: Any
) -> dict[str, Any]:
    why: Refusal | None = None
    for attempt in range(tries):
        if attempt:
            sleep(_pause(attempt, None))
        try:
            response = client.post(path, **request)
        except httpx.HTTPError as error:
            why = SendRefusal(f"Штаб не отвечает: {error}.", f"The HQ does not answer: {error}.")
            continue
        if response.is_success:
            answer = _json(response)
            return answer if answer is not None else {}
        why = _refusal(response)
        if response.status_code not in _RETRY:
            break
    raise why or SendRefusal("Штаб не отвечает.", "The HQ does not answer.")


def _json(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refusal(response: httpx.Response) -> SendRefusal:
    problem = _json(response) or {}
    detail = str(problem.get("detail") or problem.get("title") or f"HTTP {response.status_code}")
    return SendRefusal(f"Штаб отказал: {detail}", f"The HQ refused: {detail}")

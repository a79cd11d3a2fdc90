"""Sending journals: login with the station's key, repeats on a bad line, words of the HQ."""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from station_client import closing, home, sending
from station_client.cli import main
from tests.station_client.test_cli import run, start, station
from tests.support.pki import the_fixtures
from wire import journal
from wire.pki.session import read_challenge

__all__ = ["station"]


@dataclass
class Headquarters:
    """A small HQ on a socket: it knows the session and the door for journals."""

    url: str = ""
    taken: dict[str, bytes] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    given: int = 0
    used: set[str] = field(default_factory=set)
    drops: list[str] = field(default_factory=list)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, object]]:
        if self.failures:
            status = self.failures.pop(0)
            return status, {"title": "no", "detail": "Станция не из этого ППЭ"}
        if path.endswith("/challenge/"):
            self.given += 1
            return 200, {"challenge": f"challenge-{self.given}"}
        if path.endswith("/session/"):
            signed = json.loads(body)["signed"]
            from datetime import UTC, datetime

            challenge, signed_by = read_challenge(signed, trust=the_fixtures().trust, at=datetime.now(UTC))
            if challenge in self.used:
                return 403, {"detail": "This challenge has been used.", "permanent": True}
            self.used.add(challenge)
            self.logins.append(signed_by.identity.urn)
            return 200, {"token": "secret", "expires_at": "", "identity": signed_by.identity.urn}
        assert headers["Authorization"] == "Bearer secret"
        self.keys.append(headers["Idempotency-Key"])
        name = urllib.parse.unquote(headers["Content-Disposition"].split("''")[1])
        state = "received again" if name in self.taken else "accepted"
        self.taken[name] = body
        return 201, {"state": state, "line": "Принят"}


@pytest.fixture
def hq() -> Iterator[Headquarters]:
    found = Headquarters()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = found.answer(self.path, dict(self.headers), body)
            if self.path in found.drops:
                # The work is done, and the line breaks before the answer.
                found.drops.remove(self.path)
                self.close_connection = True
                return
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def test_a_formed_journal_is_sent_as_it_stands(station: Path, hq: Headquarters, tmp_path, capsys):
    start(station)
    run("close", station, tmp_path / "flash")
    assert main(["send", str(station), hq.url]) == 0
    (dat,) = (tmp_path / "flash").iterdir()
    assert hq.taken == {dat.name: dat.read_bytes()}
    assert hq.logins == ["urn:ppe:print:78:0001:0001"]
    assert f"{dat.name}: Принят" in capsys.readouterr().out
    assert journal.read(hq.taken[dat.name], trust=the_fixtures().trust).problems == ()
    assert main(["send", str(station), hq.url]) == 0


def test_a_bad_line_is_tried_again(station: Path, hq: Headquarters, tmp_path):
    start(station)
    run("close", station, tmp_path / "flash")
    hq.failures = [503, 429, 502]
    waits: list[float] = []
    mine = home.load(station)
    (sent,) = sending.send(mine, hq.url, closing.formed(mine), sleep=waits.append)
    assert sent.state == "accepted"
    assert len(waits) == 3
    assert all(0 <= wait <= 60 for wait in waits)


@pytest.mark.parametrize("path", ["/api/v1/session/challenge/", "/api/v1/session/", "/api/v1/journals/"])
def test_an_answer_that_was_lost_costs_one_more_try(station: Path, hq: Headquarters, tmp_path, path):
    start(station)
    run("close", station, tmp_path / "flash")
    hq.drops = [path]
    mine, waits = home.load(station), []
    (sent,) = sending.send(mine, hq.url, closing.formed(mine), sleep=waits.append)
    assert (sent.state, len(waits)) == ("received again" if path.endswith("journals/") else "accepted", 1)
    assert len(set(hq.keys)) == 1


def test_the_hq_asks_to_wait_and_says_what_may_be_repeated(station: Path, hq: Headquarters, tmp_path, monkeypatch):
    start(station)
    run("close", station, tmp_path / "flash")
    answers = iter([(409, {"permanent": False}, "7"), (503, {"permanent": True, "detail_ru": "Узел закрыт"}, "")])
    mine, waits = home.load(station), []

    def refusing(self, method, path, **_more):
        if not path.endswith("/journals/"):
            return real(self, method, path, **_more)
        status, body, wait = next(answers)
        return sending.httpx.Response(status, json=body, headers={"Retry-After": wait} if wait else {})

    real = sending.httpx.Client.request
    monkeypatch.setattr(sending.httpx.Client, "request", refusing)
    with pytest.raises(sending.SendError, match="Узел закрыт"):
        sending.send(mine, hq.url, closing.formed(mine), sleep=waits.append)
    assert waits == [pytest.approx(7.0)]


def test_a_permanent_refusal_is_told_at_once(station: Path, hq: Headquarters, tmp_path, capsys):
    start(station)
    run("close", station, tmp_path / "flash")
    hq.failures = [403]
    assert main(["send", str(station), hq.url]) == 3
    assert "Станция не из этого ППЭ" in capsys.readouterr().err
    assert hq.taken == {}


def test_an_hq_that_is_not_there_is_told(station: Path, tmp_path):
    start(station)
    run("close", station, tmp_path / "flash")
    mine = home.load(station)
    with pytest.raises(sending.SendError):
        sending.send(mine, "http://127.0.0.1:9", closing.formed(mine), tries=2, sleep=lambda _: None)


def test_nothing_formed_is_nothing_to_send(station: Path, hq: Headquarters):
    assert main(["send", str(station), hq.url]) == 3

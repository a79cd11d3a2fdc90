"""The upload client against a real server on a socket, over a line that fails."""

import contextlib
import datetime as dt
import email.utils
import gc
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.tus_server import ServerFault, TusServer, running
from wire import tus
from wire.durable import FileMissingError, SourceChangedError
from wire.errors import PpeError

KIB, MIB = 1024, 1024 * 1024
METADATA = {"purpose": "packet", "filename": "Пакет № 1 «бланки».ppe", "empty": ""}


@pytest.fixture
def server() -> Iterator[TusServer]:
    with running() as server:
        yield server


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"Authorization": "Bearer secret"}, trust_env=False, verify=False) as client:
        yield client


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus, "MAX_PAUSE", 0.005)


def file_of(folder: Path, size: int) -> Path:
    path = folder / "packet.ppe"
    path.write_bytes(os.urandom(size))
    return path


def send(client: httpx.Client, server: TusServer, path: Path, **options: Any) -> tus.UploadOutcome:
    return tus.upload(client, server.url, path, metadata=METADATA, **options)


@pytest.mark.parametrize("size", [0, 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 3 * MIB])
def test_a_file_arrives_whole(client: httpx.Client, server: TusServer, tmp_path: Path, size: int) -> None:
    path = file_of(tmp_path, size)
    seen: list[tuple[int, int]] = []
    outcome = send(client, server, path, chunk=256 * KIB, on_progress=lambda *step: seen.append(step))
    assert outcome.done
    assert outcome.offset == size
    assert outcome.response is not None
    assert bytes(server.only.data) == path.read_bytes()
    assert server.only.metadata == METADATA
    assert seen == sorted(seen)
    assert seen[-1:] == ([(size, size)] if size else [])
    assert outcome.location is not None
    answer = tus.answer(client, outcome.location)
    assert answer is not None
    assert answer["state"] == "handled"


def test_a_piece_is_let_go_once_it_is_sent_without_the_garbage_collector(
    client: httpx.Client, server: TusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = [0, 0]

    class Piece(bytes):
        def __new__(cls, data: bytes) -> "Piece":
            held[:] = held[0] + 1, max(held[1], held[0] + 1)
            return super().__new__(cls, data)

        def __del__(self) -> None:
            held[0] -= 1

    read = tus._Sending._read
    monkeypatch.setattr(tus._Sending, "_read", lambda self, count: Piece(read(self, count)))
    gc.disable()
    try:
        assert send(client, server, file_of(tmp_path, 24 * MIB)).done
    finally:
        gc.enable()
    assert 1 <= held[1] <= 2, held


def test_pieces_grow_on_a_quick_line_and_shrink_on_a_bad_one(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, 24 * MIB)
    assert send(client, server, path, chunk=256 * KIB).done
    sizes = [size for method, size in server.requests if method == "PATCH"]
    assert sizes[:6] == [256 * KIB << step for step in range(6)]
    assert max(sizes) == 8 * MIB
    server.requests.clear()
    server.faults = [ServerFault("PATCH", keep=0, times=3)]
    assert send(client, server, path, chunk=8 * MIB).done
    sizes = [size for method, size in server.requests if method == "PATCH"]
    assert sizes[:4] == [8 * MIB, 4 * MIB, 2 * MIB, 1 * MIB]


@pytest.mark.parametrize("keep", [0, 1, 100 * KIB, 256 * KIB])
def test_a_cut_line_costs_one_piece_at_most(client: httpx.Client, server: TusServer, tmp_path: Path, keep: int) -> None:
    path = file_of(tmp_path, 2 * MIB)
    server.faults = [ServerFault("PATCH"), ServerFault("PATCH", keep=keep, times=2)]
    assert send(client, server, path, chunk=256 * KIB).done
    assert bytes(server.only.data) == path.read_bytes()
    assert server.received == 2 * MIB


def test_a_lost_answer_costs_one_question(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    path = file_of(tmp_path, MIB)
    server.faults = [ServerFault("PATCH", silent=True, times=2)]
    assert send(client, server, path, chunk=512 * KIB).done
    assert bytes(server.only.data) == path.read_bytes()
    assert server.received == MIB
    assert [method for method, _ in server.requests].count("HEAD") == 2


@pytest.mark.parametrize("status", [409, 423, 460, 500, 502])
def test_passing_trouble_is_overcome(client: httpx.Client, server: TusServer, tmp_path: Path, status: int) -> None:
    path = file_of(tmp_path, MIB)
    server.faults = [
        ServerFault("POST", status=500),
        ServerFault("PATCH", status=status, times=2),
        ServerFault("HEAD", status=500),
    ]
    assert send(client, server, path).done
    assert bytes(server.only.data) == path.read_bytes()


def test_it_goes_on_where_the_server_stands(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    path = file_of(tmp_path, 2 * MIB)
    server.faults = [ServerFault("PATCH", pause=1.0, times=99)]
    created: list[str] = []
    first = send(client, server, path, chunk=256 * KIB, deadline=0.9, on_created=created.append)
    assert not first.done
    assert 0 < first.offset < 2 * MIB
    assert created == [first.location]
    server.faults = []
    second = send(client, server, path, location=first.location)
    assert second.done
    assert second.location == first.location
    assert bytes(server.only.data) == path.read_bytes()
    assert server.received == 2 * MIB
    # Once more: the whole file is there, nothing is sent again.
    assert send(client, server, path, location=first.location).done
    assert server.received == 2 * MIB


def test_the_deadline_is_kept_when_nothing_answers(client: httpx.Client, tmp_path: Path) -> None:
    outcome = tus.upload(client, "http://127.0.0.1:1/files/", file_of(tmp_path, 1), metadata={}, deadline=0)
    assert not outcome.done
    assert outcome.location is None


def test_an_upload_that_the_server_forgot_is_begun_anew(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, MIB)
    outcome = send(client, server, path, location=server.url + "f" * 32)
    assert outcome.done
    assert bytes(server.only.data) == path.read_bytes()


def test_an_upload_of_another_file_is_left_alone(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    first = send(client, server, file_of(tmp_path, MIB))
    second = send(client, server, file_of(tmp_path, MIB + 1), location=first.location)
    assert second.done
    assert second.location != first.location


def test_it_gives_up_after_a_few_turns_without_progress(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, MIB)
    for fault in (
        ServerFault("PATCH", status=500, times=99),
        ServerFault("PATCH", keep=0, times=99),
        ServerFault("PATCH", status=204, times=99),
        ServerFault("PATCH", status=204, headers={"Upload-Offset": "0"}, times=99),
        ServerFault("PATCH", status=204, headers={"Upload-Offset": str(5 * MIB)}, times=99),
        ServerFault("PATCH", status=204, headers={"Upload-Offset": "x"}, times=99),
        ServerFault("PATCH", status=409, times=99),
    ):
        server.requests.clear()
        server.faults = [fault]
        with pytest.raises(tus.RetryLaterError) as refusal:
            send(client, server, path)
        assert not refusal.value.permanent
        assert refusal.value.location is not None
        assert len(server.requests) <= 2 * tus.MAX_FAILURES
    server.faults = [ServerFault("POST", status=500, times=99)]
    with pytest.raises(tus.RetryLaterError) as refusal:
        send(client, server, path)
    assert refusal.value.location is None


def test_no_server_is_a_matter_of_waiting(client: httpx.Client, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/files/"
        with pytest.raises(tus.RetryLaterError, match="Нет связи") as refusal:
            tus.upload(client, url, file_of(tmp_path, 10), metadata={})
        assert refusal.value.retry_after is None
        with pytest.raises(tus.RetryLaterError):
            tus.answer(client, url)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_retry_after_is_told_at_once(client: httpx.Client, server: TusServer, tmp_path: Path, method: str) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    for text, least, most in (("17", 17, 17), (email.utils.format_datetime(moment, usegmt=True), 80, 90), ("x", 0, 0)):
        server.faults = [ServerFault(method, status=503, headers={"Retry-After": text}, times=1)]
        server.requests.clear()
        if text == "x":
            assert send(client, server, file_of(tmp_path, 10)).done
            continue
        with pytest.raises(tus.RetryLaterError) as refusal:
            send(client, server, file_of(tmp_path, 10))
        assert refusal.value.retry_after is not None
        assert least <= refusal.value.retry_after <= most
        assert [name for name, _ in server.requests].count(method) == 1


def test_a_permanent_refusal_brings_the_servers_own_words(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    problem = {"code": "too_large", "detail_ru": "Файл слишком велик.", "detail": "Too large.", "permanent": True}
    server.faults = [ServerFault("POST", status=413, body=problem)]
    with pytest.raises(tus.TransferRefusedError, match="слишком велик") as refusal:
        send(client, server, file_of(tmp_path, 10))
    assert refusal.value.permanent
    assert refusal.value.status == 413
    assert refusal.value.problem["code"] == "too_large"
    assert len(server.requests) == 1


def test_a_full_server_and_an_ended_session_are_not_permanent(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    server.faults = [ServerFault("POST", status=507)]
    with pytest.raises(tus.RetryLaterError):
        send(client, server, file_of(tmp_path, 10))
    server.faults = [ServerFault("PATCH", status=401)]
    with pytest.raises(tus.SessionEndedError) as refusal:
        send(client, server, file_of(tmp_path, 10))
    assert not refusal.value.permanent
    assert refusal.value.location is not None


def test_a_proxy_that_takes_only_small_bodies_is_satisfied(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    server.largest = 300 * KIB
    path = file_of(tmp_path, MIB)
    assert send(client, server, path, chunk=MIB).done
    assert bytes(server.only.data) == path.read_bytes()


def test_a_whole_file_that_its_room_refuses_is_done_and_has_an_answer(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    server.faults = [ServerFault("PATCH", status=422, headers={"Upload-Offset": "10"}, body={"code": "bad_packet"})]
    server.verdict = {"state": "refused", "problem": {"code": "bad_packet"}}
    outcome = send(client, server, file_of(tmp_path, 10))
    assert outcome.done
    assert outcome.location is not None
    assert (tus.answer(client, outcome.location) or {})["state"] == "refused"


@pytest.mark.parametrize(
    "location", ["http://example.org/files/1", "//example.org/1", "https://127.0.0.1/1", "", "http://[", "file:///etc"]
)
def test_the_session_is_not_taken_to_another_server(
    client: httpx.Client, server: TusServer, tmp_path: Path, location: str
) -> None:
    server.faults = [ServerFault("POST", status=201, headers={"Location": location})]
    with pytest.raises(tus.TransferRefusedError):
        send(client, server, file_of(tmp_path, 10))
    # An address kept from an earlier call is asked on this server only; here it is unknown, so a new upload is begun.
    assert send(client, server, file_of(tmp_path, 10), location=location).done


def test_an_upload_goes_on_under_another_name_of_the_server(
    client: httpx.Client, server: TusServer, tmp_path: Path
) -> None:
    path = file_of(tmp_path, MIB)
    server.faults = [ServerFault("PATCH", keep=300 * KIB), ServerFault("HEAD", status=507)]
    with pytest.raises(tus.RetryLaterError) as refusal:
        send(client, server, path, chunk=512 * KIB)
    assert refusal.value.location is not None
    other = refusal.value.location.replace("127.0.0.1", "reserve.example.org")
    assert send(client, server, path, location=other).done
    assert bytes(server.only.data) == path.read_bytes()
    assert server.received == MIB


def test_an_answer_to_another_request_is_a_broken_line(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    """GIVEN a proxy that repeats an answer: the next request reads it as its own."""
    path = file_of(tmp_path, 10)
    for method, status in (("HEAD", 201), ("PATCH", 200), ("POST", 204)):
        server.faults = [ServerFault(method, status=status)]
        location = None if method != "HEAD" else server.url + "0" * 32
        with pytest.raises(tus.RetryLaterError):
            send(client, server, path, location=location)
    server.faults = []
    assert send(client, server, path).done


def test_a_redirect_is_not_followed(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    server.faults = [ServerFault("POST", status=307, headers={"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(tus.TransferRefusedError):
        send(client, server, file_of(tmp_path, 10))


def test_a_file_that_changes_or_is_missing_is_refused(client: httpx.Client, server: TusServer, tmp_path: Path) -> None:
    path = file_of(tmp_path, MIB)

    def grow(offset: int, size: int) -> None:
        with path.open("ab") as file:
            file.write(b"!")

    with pytest.raises(SourceChangedError):
        send(client, server, path, chunk=256 * KIB, on_progress=grow)
    with pytest.raises(FileMissingError):
        send(client, server, tmp_path / "none")


def test_an_address_that_is_none_is_refused(client: httpx.Client, tmp_path: Path) -> None:
    for url in ("ftp://example.org/", "no address", "http://"):
        with pytest.raises(tus.ExchangeError):
            tus.upload(client, url, file_of(tmp_path, 1), metadata={})
    with pytest.raises(ValueError, match="metadata"):
        tus.upload(client, "http://127.0.0.1:1/", file_of(tmp_path, 1), metadata={"a b": "c"})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=200), lead=st.sampled_from([b"", b"HTTP/1.1 201 \r\n", b"HTTP/1.1 200 OK\r\nContent-"]))
def test_a_server_that_talks_nonsense_is_refused(
    client: httpx.Client, tmp_path: Path, junk: bytes, lead: bytes
) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=talk, args=(listener, lead + junk, over), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/files/"
        with pytest.raises(PpeError):
            tus.upload(client, url, file_of(tmp_path, 1), metadata={})
        over.set()
        thread.join(5)


def talk(listener: socket.socket, words: bytes, over: threading.Event) -> None:
    listener.settimeout(0.01)
    while not over.is_set():
        with contextlib.suppress(OSError):
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                line.sendall(words)

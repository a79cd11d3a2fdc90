"""The centre's words at a point: forged, out of order, another point's; over the line and from a drive."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from audit.log import SYSTEM
from tests.hostile.files import hostile
from tests.hostile.watch import at, must_be_recorded, must_refuse, post_form, watched
from tests.support.pki import other_fixtures
from tests.transfers.conftest import Hq, hq
from transfers import feed, link
from transfers.models import FeedCursor, FeedRecord, ReceiptRecord
from wire import cms, pki
from wire.documents import feed as wire_feed
from wire.errors import PpeError

pytestmark = pytest.mark.django_db
__all__ = ["hq"]

NOWHERE = "0198b0c4-0000-7000-8000-00000000ffff"
WORDS = {"title": "Внимание", "text": "Проверьте часы"}


def item(hq: Hq, **changes: Any) -> bytes:
    made: bytes = hq.item("announcement", WORDS, keep=False, **changes)
    return made


def by_a_stranger(hq: Hq) -> bytes:
    return cms.sign(cms.unverified_content(item(hq)), signers=[other_fixtures().signer("rcoi")])


def altered(hq: Hq) -> bytes:
    return item(hq).replace(b'"number":2', b'"number":3')


def document(hq: Hq, **changes: Any) -> bytes:
    """An item that the centre signed, and that no program of the centre would write."""
    said = json.loads(cms.unverified_content(item(hq))) | changes
    return cms.sign(json.dumps(said).encode(), signers=[hq.keys.signer("rcoi-01")])


def rehearsed(hq: Hq) -> bytes:
    """A receipt of a rehearsal for a file of the exam."""
    said = json.loads(cms.unverified_content(hq.receipt(None, "acknowledged", sha256="ab" * 32)))
    return cms.sign(json.dumps(said | {"mode": "training"}).encode(), signers=[hq.keys.signer("rcoi-01")])


#: Items after the first one: how they are made, and the code they are refused with.
ITEMS: dict[str, tuple[Callable[[Hq], bytes], str]] = {
    "empty": (lambda hq: b"", "cms_malformed"),
    "noise": (lambda hq: hostile("noise"), "cms_malformed"),
    "a photo": (lambda hq: hostile("photo"), "cms_malformed"),
    "nesting": (lambda hq: hostile("der_deep"), "cms_malformed"),
    "torn": (lambda hq: item(hq)[:-10], "cms_malformed"),
    "altered": (altered, "signature_wrong"),
    "a stranger's": (by_a_stranger, "certificate_foreign"),
    "a station's": (lambda hq: item(hq, signer="print-0001"), "certificate_wrong_role"),
    "the node's own": (lambda hq: item(hq, signer=f"hq-{hq.day.node.uid}"), "certificate_wrong_role"),
    "another point's": (lambda hq: item(hq, point="0002"), "foreign_feed"),
    "of a rehearsal": (lambda hq: item(hq, mode="training"), "foreign_feed"),
    "out of order": (lambda hq: item(hq, number=7), "feed_chain"),
    "after another one": (lambda hq: item(hq, prev="0" * 64), "feed_chain"),
    "the first again, otherwise": (lambda hq: item(hq, number=1, prev=""), "feed_fork"),
    "another region's": (lambda hq: document(hq, region="77"), "foreign_signer"),
    "an unknown kind": (lambda hq: document(hq, kind="self_destruct"), "schema_mismatch"),
    "a number below zero": (lambda hq: document(hq, number=-1), "schema_mismatch"),
    "a moment that is not": (lambda hq: document(hq, at="2026-02-31T10:00:00.000000Z"), "malformed_document"),
    "no body": (lambda hq: document(hq, body=None), "schema_mismatch"),
    "a signed letter": (lambda hq: cms.sign(b"hello", signers=[hq.keys.signer("rcoi-01")]), "malformed_document"),
    "signed brackets": (
        lambda hq: cms.sign(hostile("deep_json"), signers=[hq.keys.signer("rcoi-01")]),
        "malformed_document",
    ),
}


@pytest.fixture
def started(hq: Hq, gek) -> Hq:
    """A point that has read the first item."""
    first = hq.item("announcement", WORDS)
    feed.take_items(point=hq.point, items=[first], door="feed", actor=SYSTEM)
    for handle in ("print-0001", "rcoi-01"):
        hq.keys.signer(handle)
    return hq


class HostileCentre(BaseHTTPRequestHandler):
    """Something that answers at the centre's address."""

    answers: ClassVar[dict[str, bytes]] = {}
    good: ClassVar[dict[str, bytes]] = {
        "/api/v1/session/challenge/": b'{"challenge": "abc"}',
        "/api/v1/session/": b'{"token": "t", "expires_at": "2099-01-01T00:00:00.000000Z", "identity": "x"}',
    }

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = {**self.good, **self.answers}.get(self.path.partition("?")[0], b"{}")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def centre_there(started: Hq, settings) -> Iterator[dict[str, bytes]]:
    """The address of a centre whose answers the test writes."""
    server = HTTPServer(("127.0.0.1", 0), HostileCentre)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.PPE_RCOI_URL = f"http://127.0.0.1:{server.server_port}"
    link._sessions.clear()
    HostileCentre.answers = {}
    yield HostileCentre.answers
    server.shutdown()
    server.server_close()
    thread.join()
    link._sessions.clear()


def served(*items: bytes) -> bytes:
    rows = [{"number": number, "item": base64.b64encode(each).decode()} for number, each in enumerate(items, 2)]
    return json.dumps({"after": 1, "items": rows, "last": 9, "more": False}).encode()


def nothing_was_done(watch: Any) -> None:
    changed = [change for change in watch.changes() if "transfers.feedcursor" not in change]
    assert not changed, changed


def test_items_that_are_not_the_centre_s(started: Hq, centre_there: dict[str, bytes], data_dir) -> None:
    for name, (make, code) in ITEMS.items():
        FeedCursor.objects.update(trouble="", trouble_code="")
        centre_there["/api/v1/feed/"] = served(make(started))
        with at("feed", name), watched(data_dir) as watch:
            with pytest.raises(PpeError) as refused:
                feed.poll_point(started.point)
            assert refused.value.code == code, refused.value.text("en")
            nothing_was_done(watch)
            must_be_recorded(watch, "transfers.feed_broken")
            cursor = FeedCursor.objects.get()
            assert (cursor.number, cursor.trouble_code) == (1, code)
            assert cursor.trouble.ru == refused.value.text("ru")
    assert FeedRecord.objects.count() == 1


ANSWERS: dict[str, dict[str, bytes]] = {
    "no JSON": {"/api/v1/feed/": b"<html>Welcome to the hotel</html>"},
    "brackets without end": {"/api/v1/feed/": hostile("deep_json")},
    "a list": {"/api/v1/feed/": b"[]"},
    "no items": {"/api/v1/feed/": b"{}"},
    "items that are none": {"/api/v1/feed/": b'{"items": [1, 2]}'},
    "items that are no base64": {"/api/v1/feed/": '{"items": [{"item": "запись"}]}'.encode()},
    "no challenge": {"/api/v1/session/challenge/": b"{}"},
    "a challenge of gigabytes": {"/api/v1/session/challenge/": b'{"challenge": "' + b"A" * 100_000 + b'"}'},
    "no token": {"/api/v1/session/": b"{}"},
    "a token without an end": {"/api/v1/session/": b'{"token": "t", "expires_at": "tomorrow"}'},
}


def test_something_else_answers_at_the_centre_s_address(started: Hq, centre_there: dict[str, bytes], data_dir) -> None:
    for name, answers in ANSWERS.items():
        link._sessions.clear()
        centre_there.clear()
        centre_there.update(answers)
        with at("feed", name), watched(data_dir) as watch:
            with pytest.raises(PpeError) as refused:
                feed.poll_point(started.point)
            assert any("а" <= letter <= "я" for letter in refused.value.text("ru"))
            nothing_was_done(watch)
            assert FeedCursor.objects.get().trouble


#: Items that the centre signed and that cannot be done: stored with the reason, and those behind them go on.
CANNOT: dict[str, tuple[str, dict[str, Any]]] = {
    "a receipt that is none": ("receipt", {"p7m": base64.b64encode(hostile("noise")).decode()}),
    "a receipt of half a letter": ("receipt", {"p7m": "A"}),
    "a list that is none": ("crl", {"der": base64.b64encode(hostile("noise")).decode()}),
    "a list of half a letter": ("crl", {"der": "A"}),
    "a key that is none": ("reserve_key", {"p7m": "AAAA", "certificate": "-----BEGIN"}),
    "a key with letters for a certificate": ("reserve_key", {"p7m": "A", "certificate": "ключ"}),
    "an undo of a sitting that is not": (
        "status_undo",
        {"sitting": "78-0001-010120-01", "status": "exams_finished", "reason": "р", "by": "К"},
    ),
    "sheets of a packet that is not": (
        "rescan_request",
        {"packet": NOWHERE, "room": "0101", "sheets": [], "reason": "р"},
    ),
    "a packet withdrawn that is not": ("withdrawal", {"packet": NOWHERE}),
}


def test_an_item_that_cannot_be_done_never_stops_those_behind_it(started: Hq, data_dir) -> None:
    for name, (kind, body) in CANNOT.items():
        blob = started.item(kind, body)
        with at("feed", name), watched(data_dir) as watch:
            assert feed.take_items(point=started.point, items=[blob], door="feed", actor=SYSTEM) == 1
            row = FeedRecord.objects.get(number=len(started.feed))
            assert any("а" <= letter <= "я" for letter in row.problem.ru), row.problem
            allowed = ("+ transfers.feedrecord ", "+ transfers.feedcursor ", "- transfers.feedcursor ")
            changed = [change for change in watch.changes() if not change.startswith(allowed)]
            assert not changed, changed
            must_be_recorded(watch, "transfers.feed_item")


def test_a_list_of_revoked_without_a_number_is_refused(started: Hq) -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    now = datetime.now(UTC)
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(started.keys.ca.subject)
        .last_update(now)
        .next_update(now + timedelta(days=9))
        .sign(started.keys.ca_key, hashes.SHA256())
    )
    der = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    blob = started.item("crl", {"der": der})
    assert feed.take_items(point=started.point, items=[blob], door="feed", actor=SYSTEM) == 1
    assert FeedRecord.objects.get(number=2).problem


# --- from a drive -----------------------------------------------------------------------------------------------------


BUNDLES: dict[str, tuple[Callable[[Hq], bytes], str]] = {
    "empty": (lambda hq: b"", "malformed_document"),
    "noise": (lambda hq: hostile("noise"), "malformed_document"),
    "a photo": (lambda hq: hostile("photo"), "malformed_document"),
    "zeros": (lambda hq: hostile("zeros"), "malformed_document"),
    "brackets": (lambda hq: hostile("deep_json") + b"\n", "malformed_document"),
    "lines": (lambda hq: b"\n" * 100_000, "malformed_document"),
    "torn": (lambda hq: wire_feed.bundle([*hq.feed, item(hq)])[:-5], "malformed_document"),
    "one missing": (
        lambda hq: b"\n".join(wire_feed.bundle([*hq.feed, item(hq)]).split(b"\n")[:-2]) + b"\n",
        "malformed_document",
    ),
    "a stranger's": (lambda hq: wire_feed.bundle([*hq.feed, by_a_stranger(hq)]), "certificate_foreign"),
    "another point's": (lambda hq: wire_feed.bundle([item(hq, point="0002", number=1, prev="")]), "foreign_feed"),
    "out of order": (lambda hq: wire_feed.bundle([item(hq, number=7)]), "feed_chain"),
}
PAPERS: dict[str, tuple[Callable[[Hq], bytes], str]] = {
    "empty": (lambda hq: b"", "cms_malformed"),
    "noise": (lambda hq: hostile("noise"), "cms_malformed"),
    "a photo": (lambda hq: hostile("photo"), "cms_malformed"),
    "a feed item": (lambda hq: item(hq), "schema_mismatch"),
    "another point's": (lambda hq: hq.receipt(None, "acknowledged", sha256="ab" * 32, point="0002"), "foreign_receipt"),
    "a station's": (
        lambda hq: hq.receipt(None, "acknowledged", sha256="ab" * 32, signer="print-0001"),
        "certificate_wrong_role",
    ),
    "of a rehearsal": (rehearsed, "foreign_receipt"),
    "a megabyte": (lambda hq: b"\x30" * (1 << 21), "nothing_on_flash"),
}


def test_a_drive_with_a_hostile_feed(started: Hq, gek, flash_dir, data_dir) -> None:
    url = f"/transfers/{started.day.key}/"
    gek.client.get(url)
    for name, suffix, table in (("FEED", ".jsonl", BUNDLES), ("RECEIPT", ".p7m", PAPERS)):
        for case, (make, code) in table.items():
            for old in flash_dir.iterdir():
                old.unlink()
            (flash_dir / f"{name}{suffix}").write_bytes(make(started))
            with at(f"drive {suffix}", case), watched(data_dir) as watch:
                must_refuse(post_form(gek.client, url, "feed", folder=str(flash_dir)), watch, code)
    assert not ReceiptRecord.objects.exists()
    names = [b"FEED_\xff.jsonl", b"\xfe.p7m"]
    for raw in names:
        (flash_dir / raw.decode("utf-8", "surrogateescape")).write_bytes(b"x")
    with at("drive", "names that are no text"), watched(data_dir) as watch:
        must_refuse(post_form(gek.client, url, "feed", folder=str(flash_dir)), watch, "malformed_document")


def test_the_certificates_of_this_test_are_what_they_say(started: Hq) -> None:
    assert pki.identity_of(started.keys.certificates["rcoi-01"]).role == pki.CertificateRole.RCOI
    assert hashlib.sha256(started.feed[0]).hexdigest() == FeedCursor.objects.get().prev

"""What the machines of a point get: their own feed and receipts, and an answer to their packet."""

import base64
import hashlib
import json

import pytest
from django.test import Client

from keys import trust
from rcoi.models import FeedEntry, InboxPacket, IssuedReceipt
from rcoi.receiving.opening import open_packet
from tests.rcoi.conftest import arrive, make_point, receive
from wire.documents import feed as wire_feed
from wire.documents import receipt as wire_receipt
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db


class ApiMachine:
    """A point's node with a session."""

    def __init__(self, point) -> None:
        self.client = Client()
        challenge = self.client.post("/api/v1/session/challenge/").json()["challenge"]
        signed = {"signed": sign_challenge(challenge, point.hq)}
        answer = self.client.post("/api/v1/session/", json.dumps(signed), content_type="application/json")
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    def get(self, path):
        return self.client.get(path, headers=self.headers)

    def send(self, path):
        """Upload a packet in one request, as tus does for small files; return what the handler said."""
        data = path.read_bytes()
        words = {"purpose": "packet", "filename": path.name, "sha256": hashlib.sha256(data).hexdigest()}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in words.items())
        headers = {
            **self.headers,
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(data)),
            "Upload-Metadata": metadata,
        }
        made = self.client.post(
            "/api/v1/uploads/", data, content_type="application/offset+octet-stream", headers=headers
        )
        assert made.status_code == 201, made.content
        return self.client.get(made["Location"], headers=self.headers).json()


@pytest.fixture
def machine(point):
    return ApiMachine(point)


def test_an_upload_is_answered_with_the_receipt_and_again_with_the_latest(point, machine):
    path = point.blanks()
    answer = machine.send(path)
    assert answer["state"] == "handled", answer
    said = wire_receipt.read(base64.b64decode(answer["result"]["receipt"]), trust.trust_store())
    assert (said.level, answer["result"]["level"]) == ("delivered", "delivered")
    row = InboxPacket.objects.get()
    assert (row.door, row.received_from, row.name) == ("network", point.identity.urn, path.name)
    open_packet(row.pk)
    again = machine.send(path)
    assert again["result"]["level"] == "acknowledged"
    latest = machine.get(f"/api/v1/receipts/{row.sha256}/")
    assert base64.b64decode(again["result"]["receipt"]) == latest.content
    assert (latest["X-Receipt-Level"], InboxPacket.objects.count()) == ("acknowledged", 1)
    assert machine.get(f"/api/v1/receipts/{row.sha256}/?level=delivered").content == base64.b64decode(
        answer["result"]["receipt"]
    )


def test_a_bad_packet_is_a_handled_upload_with_a_rejected_receipt(point, machine, tmp_path):
    for index, data in enumerate(
        (b"\xff\xd8\xff photo", point.blanks().read_bytes()[:-50], b"PK\x03\x04" + bytes(100))
    ):
        bad = tmp_path / f"bad{index}.ppe"
        bad.write_bytes(data)
        answer = machine.send(bad)
        assert (answer["state"], answer["result"]["level"]) == ("handled", "rejected")
        assert machine.get(f"/api/v1/receipts/{hashlib.sha256(data).hexdigest()}/").status_code == 200
    assert not InboxPacket.objects.exclude(state="rejected").exists()


def test_network_and_flash_in_both_orders_end_in_the_same_receipt(point, machine):
    one, two = point.blanks("0101"), point.blanks("0102")
    machine.send(one)
    receive(one)
    receive(two)
    machine.send(two)
    assert InboxPacket.objects.count() == IssuedReceipt.objects.filter(level="delivered").count() == 2


def test_the_feed_is_read_by_cursor(point, machine):
    for room in ("0101", "0102"):
        arrive(point.blanks(room))
    answer = machine.get("/api/v1/feed/?after=0").json()
    assert (answer["after"], answer["last"], answer["more"], len(answer["items"])) == (0, 4, False, 4)
    blobs = [base64.b64decode(each["item"]) for each in answer["items"]]
    wire_feed.follow([(blob, wire_feed.read(blob, trust.trust_store())) for blob in blobs])
    assert [each["number"] for each in machine.get("/api/v1/feed/?after=3").json()["items"]] == [4]
    assert machine.get("/api/v1/feed/?after=4").json()["items"] == []
    for bad in ("x", "-1", "99999999999999999999", "1.5"):
        assert machine.get(f"/api/v1/feed/?after={bad}").status_code == 400


def test_a_point_gets_its_own_feed_and_receipts_only(point, machine, voice_day, tmp_path):
    other = ApiMachine(make_point(voice_day, tmp_path / "other"))
    row = arrive(point.blanks())
    assert FeedEntry.objects.count() == 2
    assert other.get("/api/v1/feed/").json()["items"] == []
    assert other.get(f"/api/v1/receipts/{row.sha256}/").status_code == 404
    assert Client().get("/api/v1/feed/").status_code == 401


def test_the_feed_as_a_file_holds_the_same_items(point, machine, operator):
    arrive(point.blanks())
    items = wire_feed.read_bundle(operator.client.get("/centre/feed/78-0001/").content)
    answer = machine.get("/api/v1/feed/").json()
    assert items == [base64.b64decode(each["item"]) for each in answer["items"]]

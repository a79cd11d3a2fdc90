"""Receipts, feed items and acts: signed JSON, held to signer, address and schema."""

import dataclasses
import datetime as dt
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.pki import SITTING, other_fixtures, the_fixtures
from wire import canonical, cms
from wire.documents import access_key, act, feed, receipt
from wire.documents.access_key import ForeignAccessKeyError
from wire.documents.act import ActDocument
from wire.documents.feed import BrokenChainError, FeedItem
from wire.documents.receipt import Receipt
from wire.documents.signed import ForeignSignerError, write_signed
from wire.errors import MalformedDocumentError, PpeError
from wire.pki import CertificatePathError, generate_key
from wire.schema import SchemaError

NOW = dt.datetime(2026, 5, 29, 15, 30, tzinfo=dt.UTC)
UID = "01a20557-2d19-7fde-9daa-82a43e3d9f63"
RECEIPT = Receipt(
    level="rejected",
    uid=UID,
    version=2,
    sha256="a" * 64,
    number=7,
    supersedes=6,
    region="78",
    point="0001",
    reasons=({"code": "counts", "ru": "не хватает листа", "en": "a sheet is missing", "sheet": None, "room": "0101"},),
    counts={"sheets": 59},
    operator="Петров П. П.",
    received_at=NOW,
    issued_at=NOW + dt.timedelta(seconds=5),
    mode="training",
)
ITEM = FeedItem(1, "", "announcement", "training", "78", "0001", NOW, {"title": "Внимание", "text": "Проба связи"})
ACT = ActDocument(
    kind="journal_missing",
    mode="training",
    region="78",
    point="0001",
    sitting=SITTING,
    room="0101",
    station="0006",
    station_kind="print",
    reason="lost",
    text="Станция сгорела",
    numbers=("0100000000007",),
    difference={"missing": 1},
    made_at=NOW,
)


class TestReceipt:
    def test_it_is_read_back(self):
        assert receipt.read(receipt.write(RECEIPT, the_fixtures().signer("rcoi")), the_fixtures().trust) == RECEIPT

    @pytest.mark.parametrize("level", get_args(receipt.Level))
    def test_every_level_is_written(self, level):
        document = dataclasses.replace(RECEIPT, level=level, uid=None, version=None)
        if level == "acknowledged":
            document = dataclasses.replace(document, reasons=(), open=RECEIPT.reasons)
        assert receipt.read(receipt.write(document, the_fixtures().signer("rcoi")), the_fixtures().trust) == document

    def test_what_earlier_confirmed_receipts_said_in_their_reasons_is_read_as_open(self):
        earlier = dataclasses.replace(RECEIPT, level="acknowledged")
        read = receipt.read(receipt.write(earlier, the_fixtures().signer("rcoi")), the_fixtures().trust)
        assert (read.reasons, read.open) == ((), RECEIPT.reasons)

    @pytest.mark.parametrize("name", ["hq", "gek", "print"])
    def test_nobody_but_the_centre_gives_receipts(self, name):
        with pytest.raises(CertificatePathError):
            receipt.read(receipt.write(RECEIPT, the_fixtures().signer(name)), the_fixtures().trust)

    def test_a_foreign_centre_is_refused(self):
        with pytest.raises(CertificatePathError):
            receipt.read(receipt.write(RECEIPT, other_fixtures().signer("rcoi")), the_fixtures().trust)

    def test_the_centre_of_another_region_is_refused(self):
        blob = receipt.write(dataclasses.replace(RECEIPT, region="77"), the_fixtures().signer("rcoi"))
        with pytest.raises(ForeignSignerError):
            receipt.read(blob, the_fixtures().trust)

    @pytest.mark.parametrize(
        "change", [{"level": "accepted"}, {"sha256": "x"}, {"number": 0}, {"counts": {"sheets": -1}}, {"mode": "test"}]
    )
    def test_a_wrong_field_is_refused(self, change):
        with pytest.raises(SchemaError):
            receipt.write(dataclasses.replace(RECEIPT, **change), the_fixtures().signer("rcoi"))


class TestFeed:
    BODIES: dict[str, dict[str, Any]] = {
        "receipt": {"p7m": "AAAA"},
        "status_undo": {"sitting": SITTING, "status": "exams_finished", "reason": "рано", "by": "Сидорова"},
        "rescan_request": {"packet": UID, "room": "0101", "sheets": ["0100000000007"], "reason": "не читается"},
        "withdrawal": {"packet": UID},
        "reserve_key": {"p7m": "AAAA", "certificate": "-----BEGIN CERTIFICATE-----"},
        "crl": {"der": "AAAA"},
        "announcement": {"title": "a", "text": "b"},
    }

    @pytest.mark.parametrize("kind", feed.KINDS)
    def test_every_kind_is_read_back(self, kind):
        item = dataclasses.replace(ITEM, kind=kind, body=self.BODIES[kind])
        assert feed.read(feed.write(item, the_fixtures().signer("rcoi")), the_fixtures().trust) == item

    @pytest.mark.parametrize("kind", feed.KINDS)
    def test_a_body_of_another_kind_is_refused(self, kind):
        for body in ({}, {"x": 1}):
            with pytest.raises(SchemaError):
                feed.write(dataclasses.replace(ITEM, kind=kind, body=body), the_fixtures().signer("rcoi"))

    def test_nobody_but_the_centre_writes_it(self):
        with pytest.raises(CertificatePathError):
            feed.read(feed.write(ITEM, the_fixtures().signer("hq")), the_fixtures().trust)

    def chain(self, count: int) -> list[tuple[bytes, FeedItem]]:
        found: list[tuple[bytes, FeedItem]] = []
        for number in range(1, count + 1):
            prev = feed.item_hash(found[-1][0]) if found else ""
            item = dataclasses.replace(ITEM, number=number, prev=prev)
            found.append((feed.write(item, the_fixtures().signer("rcoi")), item))
        return found

    def test_a_whole_chain_is_followed(self):
        chain = self.chain(4)
        feed.follow(chain)
        feed.follow(chain[2:], number=2, prev=feed.item_hash(chain[1][0]))

    @pytest.mark.parametrize("order", [[0, 2], [1], [0, 1, 1], [1, 0]])
    def test_a_broken_chain_is_refused(self, order):
        chain = self.chain(3)
        with pytest.raises(BrokenChainError):
            feed.follow([chain[place] for place in order])

    def test_a_rewritten_item_breaks_the_chain(self):
        chain = self.chain(2)
        again = (feed.write(chain[0][1], the_fixtures().signer("rcoi")), chain[0][1])
        with pytest.raises(BrokenChainError):
            feed.follow([again, chain[1]])

    @given(st.lists(st.binary(max_size=50), max_size=5))
    def test_a_bundle_is_read_back(self, items):
        assert feed.read_bundle(feed.bundle(items)) == items

    @given(st.binary(max_size=200))
    def test_any_bytes_are_a_bundle_or_refused(self, data):
        with pytest.raises(MalformedDocumentError):
            feed.read_bundle(data)

    def test_a_torn_bundle_is_refused(self):
        whole = feed.bundle([b"one", b"two"])
        for size in range(len(whole)):
            with pytest.raises(MalformedDocumentError):
                feed.read_bundle(whole[:size])


class TestAct:
    def test_it_is_read_back(self):
        found, signed_by = act.read(act.write(ACT, the_fixtures().signer("gek")), the_fixtures().trust)
        assert found == ACT
        assert signed_by.identity.ident == "p-001"

    def test_nobody_but_a_gek_member_makes_acts(self):
        for name in ("hq", "rcoi", "print"):
            with pytest.raises(CertificatePathError):
                act.read(act.write(ACT, the_fixtures().signer(name)), the_fixtures().trust)

    def test_a_gek_member_of_another_point_is_refused(self):
        blob = act.write(dataclasses.replace(ACT, point="0002"), the_fixtures().signer("gek"))
        with pytest.raises(ForeignSignerError):
            act.read(blob, the_fixtures().trust)

    @pytest.mark.parametrize("change", [{"kind": "other"}, {"reason": ""}, {"sitting": "x"}, {"room": "1"}])
    def test_a_wrong_field_is_refused(self, change):
        with pytest.raises(SchemaError):
            act.write(dataclasses.replace(ACT, **change), the_fixtures().signer("gek"))


def blobs() -> dict[str, bytes]:
    world = the_fixtures()
    return {
        "receipt": receipt.write(RECEIPT, world.signer("rcoi")),
        "feed": feed.write(ITEM, world.signer("rcoi")),
        "act": act.write(ACT, world.signer("gek")),
    }


_READERS = {"receipt": receipt.read, "feed": feed.read, "act": act.read}


@pytest.mark.parametrize("name", _READERS)
def test_one_kind_is_not_another(name):
    for other, blob in blobs().items():
        if other != name:
            with pytest.raises(PpeError):
                _READERS[name](blob, the_fixtures().trust)


@pytest.mark.parametrize("name", _READERS)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_document_or_refused(name, data):
    with pytest.raises(PpeError):
        _READERS[name](data, the_fixtures().trust)


@pytest.mark.parametrize("name", _READERS)
def test_a_changed_document_is_refused(name):
    blob = bytearray(blobs()[name])
    at = blob.index(b'"mode":"training"') + 10
    blob[at] ^= 1
    with pytest.raises(PpeError):
        _READERS[name](bytes(blob), the_fixtures().trust)


@pytest.mark.parametrize("name", _READERS)
@given(document=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
@settings(max_examples=30)
def test_any_signed_json_is_a_document_or_refused(name, document):
    signer = the_fixtures().signer("gek" if name == "act" else "rcoi")
    blob = cms.sign(canonical.dumps(document), signers=[signer])
    with pytest.raises(PpeError):
        _READERS[name](blob, the_fixtures().trust)


def test_a_document_is_checked_before_it_is_signed():
    with pytest.raises(SchemaError):
        write_signed("receipt", {}, signers=[the_fixtures().signer("rcoi")])


class TestAccessKey:
    def sealed(self, *names: str) -> bytes:
        world = the_fixtures()
        return access_key.write(world.keys["access"], recipients=[world.certificates[name] for name in names])

    def test_a_gek_member_opens_it(self):
        world = the_fixtures()
        key = access_key.read(
            self.sealed("gek", "hq"),
            recipients=[world.recipient("gek")],
            certificate=world.certificates["access"],
        )
        assert key.private_numbers() == world.keys["access"].private_numbers()

    def test_nobody_else_does(self):
        world = the_fixtures()
        with pytest.raises(PpeError):
            access_key.read(
                self.sealed("gek"), recipients=[world.recipient("hq")], certificate=world.certificates["access"]
            )

    def test_the_key_of_another_exam_is_refused(self):
        world = the_fixtures()
        other = access_key.write(generate_key(), recipients=[world.certificates["gek"]])
        for blob, certificate in ((other, "access"), (self.sealed("gek"), "print")):
            with pytest.raises(ForeignAccessKeyError):
                access_key.read(blob, recipients=[world.recipient("gek")], certificate=world.certificates[certificate])

    @pytest.mark.parametrize("inside", [b"", b"hello", b"\x30\x00", bytes(100)])
    def test_what_is_not_a_key_is_refused(self, inside):
        world = the_fixtures()
        blob = cms.seal_bytes(inside, recipients=[world.certificates["gek"]])
        with pytest.raises(ForeignAccessKeyError):
            access_key.read(blob, recipients=[world.recipient("gek")], certificate=world.certificates["access"])

    @given(st.binary(max_size=200))
    def test_any_bytes_are_a_key_or_refused(self, data):
        world = the_fixtures()
        with pytest.raises(PpeError):
            access_key.read(data, recipients=[world.recipient("gek")], certificate=world.certificates["access"])

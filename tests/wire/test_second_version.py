"""The second version of the documents: what is new is read back, and documents of the first are read as before."""

import dataclasses
import json

import pytest

from tests.support.pki import the_fixtures
from tests.wire.test_packet import make_header, seal, sign, verify
from tests.wire.test_signed_documents import ITEM, NOW, RECEIPT
from wire import canonical, schema
from wire.documents import anchor, feed, receipt
from wire.documents.anchor import AnchorDocument, AnchoredHead
from wire.documents.signed import read_signed, write_signed
from wire.packet import Content, ManifestFile, ScanHead
from wire.packet.header import Manifest, header_bytes, manifest_bytes, parse_header, parse_manifest
from wire.pki import CertificateRole
from wire.schema import SchemaError

HEAD = AnchoredHead("78-0001", 41, "b" * 64)
SCAN_HEAD = ScanHead("0001", 17, "c" * 64)
NEW_IN_A_PACKET = {"room_kind", "scan_head", "audit_head", "epoch"}


def header(**changes):
    return make_header(Content("a" * 64, 5, 5), **changes)


def test_a_packet_says_what_its_room_was_for_and_where_the_journals_stood(tmp_path):
    path, content = seal(tmp_path)
    said = {"room_kind": "preparation", "scan_head": SCAN_HEAD, "audit_head": HEAD, "epoch": 2}
    sign(path, content, **said)
    read = verify(path).header
    assert {name: getattr(read, name) for name in said} == said


def test_what_is_not_known_does_not_stand_in_a_packet():
    document = canonical.loads(header_bytes(header(room=None, kind="forms")))
    assert not NEW_IN_A_PACKET & document.keys()
    assert (document["room"], document["supersedes"]) == (None, None)


def test_a_packet_of_the_first_version_is_read():
    document = canonical.loads(header_bytes(header()))
    old = canonical.dumps(document | {"format": "ppe-packet/1"})
    assert parse_header(old) == dataclasses.replace(header(), uid=document["uid"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"room_kind": "hall"},
        {"scan_head": {"station": "0001", "number": -1, "sha256": "c" * 64}},
        {"scan_head": {"station": "0001", "number": 1}},
        {"audit_head": {"chain": "78-0001\n", "number": 1, "hash": "c" * 64}},
        {"epoch": 0},
        {"format": "ppe-packet/3"},
    ],
)
def test_a_packet_whose_new_fields_are_odd_is_refused(wrong):
    with pytest.raises(SchemaError):
        parse_header(canonical.dumps(canonical.loads(header_bytes(header())) | wrong))


def test_a_manifest_says_which_picture_of_a_sheet_it_holds_and_an_old_one_says_nothing():
    files = tuple(
        ManifestFile(f"sheets/{record}.tif", "sheet", 1, "a" * 64, (), record) for record in ("bilevel", "grey", None)
    )
    data = manifest_bytes(Manifest(files))
    assert parse_manifest(data).files == files
    old = json.loads(data) | {"format": "ppe-manifest/1"}
    for each in old["files"]:
        each.pop("record", None)
    assert {each.record for each in parse_manifest(canonical.dumps(old)).files} == {None}


def test_a_receipt_says_what_is_open_and_how_far_the_logs_are():
    said = dataclasses.replace(RECEIPT, epoch=3, heads=(HEAD,), open=RECEIPT.reasons)
    assert receipt.read(receipt.write(said, the_fixtures().signer("rcoi")), the_fixtures().trust) == said


def test_a_receipt_and_a_feed_item_of_the_first_version_are_read():
    signer, trust = the_fixtures().signer("rcoi"), the_fixtures().trust
    for module, shape, document in ((receipt, "receipt", RECEIPT), (feed, "feed", ITEM)):
        written, _signer = read_signed(shape, module.write(document, signer), trust=trust, roles={CertificateRole.RCOI})
        old = write_signed(shape, written | {"format": f"ppe-{shape}/1"}, signers=[signer])
        assert module.read(old, trust) == document


def test_a_feed_item_and_an_anchor_carry_heads_and_epoch():
    signer, trust = the_fixtures().signer("rcoi"), the_fixtures().trust
    item = dataclasses.replace(ITEM, epoch=2, heads=(HEAD,))
    assert feed.read(feed.write(item, signer), trust) == item
    said = AnchorDocument(1, "", "node", "training", NOW, (HEAD,), 2)
    assert anchor.read(anchor.write(said, [signer]), trust)[0] == said


def test_a_registry_names_preparation_rooms_and_one_without_kinds_is_read():
    room = {"number": "0101", "seats": 15}
    for version in (1, 2):
        for kind in ({}, {"kind": "preparation"}, {"kind": "voice"}):
            schema.validate("registry", registry(version, room | kind))
    with pytest.raises(SchemaError):
        schema.validate("registry", registry(2, room | {"kind": "kitchen"}))


def registry(version, room):
    sitting = {"date": "2026-05-29", "subject": "29", "rooms": [room], "posts": []}
    point = {"code": "0001", "name": "Школа", "rooms": [], "stations": [], "people": [], "sittings": [sitting]}
    return {
        "format": f"ppe-registry/{version}",
        "mode": "training",
        "region": {"code": "78", "name": "Санкт-Петербург"},
        "points": [point],
    }

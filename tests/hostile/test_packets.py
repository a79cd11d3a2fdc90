"""Packets at the centre: what has not the shape of one, what nobody signed, what lies, what was sent before."""

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from keys import authority
from rcoi.models import InboxPacket
from rcoi.receiving.opening import open_packet
from rcoi.states import InboxState
from tests.conftest import PersonLogin
from tests.hostile.test_uploads import node_client, patch, words
from tests.hostile.watch import Watch, WatchedAnswer, at, must_be_recorded, must_refuse, post_form, watched
from tests.rcoi.conftest import Point, centre, make_point, point
from tests.support.pki import other_fixtures
from wire import canonical, cms
from wire.packet import Content, append_signature, read_header, tar
from wire.packet import zip as packet_zip
from wire.packet.header import Manifest, ManifestFile, manifest_bytes

pytestmark = pytest.mark.django_db
__all__ = ["centre", "point"]


def bring(operator: PersonLogin, data: bytes, name: str = "PACKET.ppe") -> WatchedAnswer:
    """Bring a packet by the browser; the answer is the list's page."""
    return post_form(operator.client, "/centre/inbox/import/", "import", files=SimpleUploadedFile(name, data))


# --- what has not the shape -------------------------------------------------------------------------------------------


def renamed(data: bytes, name: bytes) -> bytes:
    return data.replace(b"packet.json.p7s", name.ljust(15, b"x")[:15])


def repacked(data: bytes, *, method: int = zipfile.ZIP_STORED, extra: str = "", order: int = 1) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", method) as new:
        for name in old.namelist()[::order]:
            new.writestr(zipfile.ZipInfo(name), old.read(name), compress_type=method)
        if extra:
            new.writestr(extra, b"evil")
    return out.getvalue()


def lying(data: bytes) -> bytes:
    """A content that says it is larger than the file."""
    return data[:18] + struct.pack("<II", 1 << 30, 1 << 30) + data[26:]


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "a way out": lambda data: renamed(data, b"../../../../etc"),
    "an absolute way out": lambda data: renamed(data, b"/etc/cron.d/x"),
    "an extra member": lambda data: repacked(data, extra="../../evil.sh"),
    "another order": lambda data: repacked(data, order=-1),
    "compressed": lambda data: repacked(data, method=zipfile.ZIP_DEFLATED),
    "bytes before": lambda data: b"#!/bin/sh\n" + data,
    "bytes behind": lambda data: data + b"x",
    "many bytes behind": lambda data: data + bytes(5000),
    "another packet behind": lambda data: data + data,
    "torn in the middle": lambda data: data[: len(data) // 2],
    "torn at the end": lambda data: data[:-1],
    "torn to a header": lambda data: data[:30],
    "a size that lies": lying,
    "the header no JSON": lambda data: data.replace(b'{"content_sha256"', b'["content_sha256"'),
    "the header with a field twice": lambda data: data.replace(b'"kind":"blanks"', b'"part":1,"":"aa"', 1),
}


def test_what_has_not_the_shape_is_turned_away(point: Point, operator: PersonLogin, data_dir: Path) -> None:
    sound = point.blanks().read_bytes()
    for name, spoil in SHAPES.items():
        data = spoil(sound)
        assert data != sound, name
        with at("import", name), watched(data_dir) as watch:
            answer = bring(operator, data)
            code = answer.codes[0] if answer.codes else ""
            assert code in ("packet_container", "malformed_document", "schema_mismatch"), answer.texts
            must_refuse(answer, watch, code, kinds="rcoi.refused")


# --- what is kept as evidence, and refused ----------------------------------------------------------------------------


def altered(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    crc = struct.pack("<L", _crc_of_content(bytes(data)))
    data[14:18] = crc
    where = data.rindex(b"PK\x01\x02", 0, data.rindex(b"packet.json.p7s") - 46 - 50)
    where = data.index(b"PK\x01\x02", data.index(b"packet.json.p7s"))
    data[where + 16 : where + 20] = crc
    path.write_bytes(bytes(data))
    return path


def _crc_of_content(data: bytes) -> int:
    member = packet_zip.read_members(io.BytesIO(data))[0]
    return zlib.crc32(data[member.start : member.end])


def with_other_header(path: Path) -> Path:
    data = path.read_bytes()
    changed = data.replace(b'"room":"0101"', b'"room":"0102"')
    assert changed != data
    return _with_right_sums(path, changed)


def _with_right_sums(path: Path, data: bytes) -> Path:
    members = packet_zip.read_members(io.BytesIO(data))
    out = bytearray(data[: members[0].end])
    path.write_bytes(bytes(out))
    with path.open("r+b") as file:
        small = [(m.name, data[m.start : m.end]) for m in members[1:]]
        packet_zip.append_members(file, members[0], small)
    return path


def by_a_stranger(point: Point) -> Path:
    world = other_fixtures()
    return point.blanks(signers=[world.signer("hq"), world.signer("gek")])


def for_others(point: Point) -> Path:
    return point.blanks(recipients=[other_fixtures().certificates["rcoi"]])


def around(point: Point, stream: bytes, *, room: str = "0101") -> Path:
    """A packet whose signatures hold, around a content that this program would never have written."""
    sound = read_header(point.blanks(room))
    blob = cms.seal_bytes(stream, recipients=[authority.rcoi_signer().certificate])
    head = packet_zip.local_header("content.p7m", len(blob), zlib.crc32(blob))
    path = point.folder / f"crafted-{hashlib.sha256(blob).hexdigest()[:8]}.ppe"
    path.write_bytes(head + blob)
    content = Content(hashlib.sha256(blob).hexdigest(), len(blob), len(head) + len(blob))
    import dataclasses

    header = dataclasses.replace(sound, uid=canonical.uuid7(), content_sha256=content.sha256, content_size=content.size)
    append_signature(path, content=content, header=header, signers=[point.hq, point.gek])
    return path


def tar_of(*entries: tuple[str, bytes, bytes, str]) -> bytes:
    """A TAR of (name, type, data, link) behind a manifest that lists them all."""
    listed = [ManifestFile(name, "sheet", len(data), hashlib.sha256(data).hexdigest()) for name, _, data, _ in entries]
    manifest = manifest_bytes(Manifest(tuple(listed)))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, kind, data, link in (("manifest.json", tarfile.REGTYPE, manifest, ""), *entries):
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), link
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


FILE, LINK, HARD, FIFO = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
#: Contents that the centre opens: the packet is kept as evidence, its plaintext is not.
CONTENTS: dict[str, tuple[bytes, str]] = {
    "no TAR": (b"x" * 4096, "packet_tar"),
    "nothing": (b"", "packet_tar"),
    "a way out": (tar_of(("../../../evil", FILE, b"x", "")), "packet_tar"),
    "an absolute way out": (tar_of(("/etc/cron.d/evil", FILE, b"x", "")), "packet_tar"),
    "a link": (tar_of(("sheet.tif", LINK, b"", "/etc/shadow")), "packet_tar"),
    "a hard link": (tar_of(("sheet.tif", HARD, b"", "../../keys/rcoi.key")), "packet_tar"),
    "a pipe": (tar_of(("sheet.tif", FIFO, b"", "")), "packet_tar"),
    "a file within a file": (tar_of(("a", FILE, b"x", ""), ("a/b", FILE, b"x", "")), "packet_tar"),
    "a name twice in other letters": (tar_of(("A.tif", FILE, b"x", ""), ("a.tif", FILE, b"x", "")), "packet_tar"),
    "a hidden name": (tar_of((".content.tar", FILE, b"x", "")), "packet_tar"),
    "a list without end": (
        tar.stream(
            [tar.PackedFile("manifest.json", 200_000, hashlib.sha256(b"[" * 200_000).hexdigest(), b"[" * 200_000)]
        )[0].read(),
        "malformed_document",
    ),
}


def replayed(point: Point, header: dict[str, Any]) -> Path:
    return point.blanks(**header)


#: Packets that a hostile point could sign: how they are made, and the code of the rejected receipt.
SIGNED: dict[str, tuple[Callable[[Point], Path], str]] = {
    "one signature": (lambda p: p.blanks(signers=[p.hq]), "foreign_signer"),
    "no signature of the node": (lambda p: p.blanks(signers=[p.gek]), "foreign_signer"),
    "a station in place of the node": (lambda p: p.blanks(signers=[p.station, p.gek]), "certificate_wrong_role"),
    "a stranger's signatures": (by_a_stranger, "certificate_foreign"),
    "another node than it names": (lambda p: p.blanks(node=canonical.uuid7()), "foreign_signer"),
    "another region": (
        lambda p: p.blanks(region="77", sitting="77" + p.day.key[2:]),
        "foreign_signer",
    ),
    "another point": (lambda p: p.blanks(point="0002", sitting=p.day.key.replace("0001", "0002")), "foreign_signer"),
    "a rehearsal": (lambda p: p.blanks(mode="training"), "wrong_mode"),
    "a sitting that is not": (
        lambda p: p.blanks(sitting="78-0001-010120-01", date=date(2020, 1, 1)),
        "unknown_sitting",
    ),
    "a room that is not": (lambda p: p.blanks("0999"), "unknown_sitting"),
    "the header changed": (lambda p: with_other_header(p.blanks()), "signature_wrong"),
    "the content changed": (lambda p: altered(p.blanks()), "packet_content"),
}
#: What the design keeps of a packet that it refuses: the row, its receipt with its number, the feed's item, the file.
EVIDENCE = (
    "+ rcoi.inboxpacket ",
    "+ rcoi.issuedreceipt ",
    "+ rcoi.feedentry ",
    "+ file inbox/",
    "+ django_q.ormq ",
    "+ rcoi.numbersequence ",
    "- rcoi.numbersequence ",
)


def beyond_evidence(watch: Watch) -> list[str]:
    return [change for change in watch.changes() if not change.startswith(EVIDENCE)]


def must_reject(row: InboxPacket, watch: Watch, code: str) -> None:
    assert row.state == InboxState.REJECTED
    assert row.reasons[0]["code"] == code, row.reasons
    assert any("а" <= letter <= "я" for letter in row.reasons[0]["ru"])
    assert row.receipts.order_by("number").last().level == "rejected"
    assert not watch.raised
    must_be_recorded(watch, "rcoi.refused rcoi.rejected")


def test_packets_that_nobody_may_send_are_kept_as_evidence(point: Point, operator: PersonLogin, data_dir: Path) -> None:
    for name, (make, code) in SIGNED.items():
        data = make(point).read_bytes()
        with at("import", name), watched(data_dir) as watch:
            answer = bring(operator, data, name="../../PACKET_78.ppe")
            assert "отклонён" in answer.text, answer.texts
            assert not beyond_evidence(watch), beyond_evidence(watch)
            must_reject(InboxPacket.objects.latest("pk"), watch, code)


def test_contents_that_lead_elsewhere_leave_nothing_behind(point: Point, operator: PersonLogin, data_dir: Path) -> None:
    cases: dict[str, tuple[Path, str]] = {
        name: (around(point, stream), code) for name, (stream, code) in CONTENTS.items()
    }
    cases["sealed for others"] = (for_others(point), "cms_no_recipient")
    for name, (path, code) in cases.items():
        with at("opening", name), watched(data_dir) as watch:
            assert "принят" in bring(operator, path.read_bytes()).text
            row = InboxPacket.objects.latest("pk")
            open_packet(row.pk)
            row.refresh_from_db()
            must_reject(row, watch, code)
            left = [change for change in watch.changes() if change.startswith("+ file") and "inbox/" not in change]
            assert not left, left
    assert not (data_dir.parent / "evil").exists()


def test_a_replay_under_another_name_changes_nothing(point: Point, operator: PersonLogin, data_dir: Path) -> None:
    path = point.blanks()
    data = path.read_bytes()
    assert "принят" in bring(operator, data).text
    with watched(data_dir) as watch:
        answer = bring(operator, data, name="PACKET_77_0999_010120_99.ppe")
    assert "уже был получен" in answer.text
    assert not watch.changes(), watch.changes()
    first = InboxPacket.objects.get()
    forks = {"uid_taken": {"uid": first.uid}, "sequence_fork": {"sequence": first.sequence}}
    for code, said in forks.items():
        fork = point.blanks("0102", **said).read_bytes()
        with at("import", code), watched(data_dir) as watch:
            bring(operator, fork)
            assert not beyond_evidence(watch), beyond_evidence(watch)
            must_reject(InboxPacket.objects.latest("pk"), watch, code)
    first.refresh_from_db()
    assert first.state == InboxState.RECEIVED


def test_over_the_network_it_is_the_same_and_the_sender_is_its_point(
    point: Point, voice_day, data_dir: Path, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    other = node_client(make_point(voice_day, tmp_path / "other"))
    cases = {
        "another point's packet": (point.blanks().read_bytes(), other, "foreign_point"),
        "noise": (b"\x9a" * 5000, node_client(point), "packet_container"),
        "an empty file": (b"", node_client(point), "packet_container"),
        "a changed packet": (altered(point.blanks()).read_bytes(), node_client(point), "packet_content"),
    }
    for name, (data, client, code) in cases.items():
        with at("tus packet", name), watched(data_dir) as watch:
            said = words(purpose="packet", filename="../../../PACKET.ppe")
            with django_capture_on_commit_callbacks(execute=True):
                made = client.post(
                    "/api/v1/uploads/",
                    b"",
                    content_type="application/offset+octet-stream",
                    headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": said},
                )
                if data:
                    assert patch(client, made["Location"], 0, data).status == 204
            result = client.get(made["Location"], headers={"Tus-Resumable": "1.0.0"}).json()
            assert result["result"]["level"] == "rejected", result
            left = [c for c in beyond_evidence(watch) if not c.startswith("+ uploads.upload ")]
            assert not left, left
            must_reject(InboxPacket.objects.latest("pk"), watch, code)
            assert InboxPacket.objects.latest("pk").name == "PACKET.ppe"

"""Packets: sealed, signed, checked from outside, opened."""

import dataclasses
import datetime as dt
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.pki import DAY, NODE, SITTING, make_fixtures, other_fixtures, the_fixtures
from wire import canonical, packet, pki
from wire.documents.signed import ForeignSignerError
from wire.durable import SourceChangedError
from wire.errors import PpeError
from wire.packet import Content, ContentError, FileKind, PacketHeader, TarFile, tar
from wire.pki import CertificatePathError, CertificateRole

FILES = {
    "room.json": ("room", b'{"format":"ppe-room/1"}'),
    "sheets/0001.tif": ("sheet", b"II*\x00" + bytes(range(256)) * 20),
    "sheets/0002.tif": ("sheet", b""),
    "journals/END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat": ("journal", b"x" * 512),
}


def make_header(content: Content, **changes: Any) -> PacketHeader:
    header = PacketHeader(
        uid=canonical.uuid7(),
        version=1,
        part=1,
        parts=1,
        kind="blanks",
        mode="training",
        region="78",
        point="0001",
        date=DAY,
        subject="01",
        sitting=SITTING,
        room="0101",
        counts={"sheets": 2},
        content_sha256=content.sha256,
        content_size=content.size,
        recipients=(pki.fingerprint(the_fixtures().certificates["rcoi"]),),
        node=NODE,
        sequence=1,
        prev="",
        created_at=dt.datetime(2026, 5, 29, 12, 0, tzinfo=dt.UTC),
    )
    return dataclasses.replace(header, **changes)


def tar_files(folder: Path, files: dict[str, tuple[str, bytes]] | None = None) -> list[TarFile]:
    found = []
    for number, (name, (kind, data)) in enumerate((files or FILES).items()):
        path = folder / f"source-{number}"
        path.write_bytes(data)
        found.append(TarFile(name, cast(FileKind, kind), path, ("0100000000007",) if kind == "sheet" else ()))
    return found


def seal(folder: Path, files: dict[str, tuple[str, bytes]] | None = None) -> tuple[Path, Content]:
    path = folder / "packet.ppe"
    content = packet.write_content(
        path, files=tar_files(folder, files), recipients=[the_fixtures().certificates["rcoi"]]
    )
    return path, content


def sign(path: Path, content: Content, *names: str, **changes: object) -> str:
    signers = [the_fixtures().signer(name) for name in names or ("hq", "gek")]
    return packet.append_signature(path, content=content, header=make_header(content, **changes), signers=signers)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path, content = seal(tmp_path)
    sign(path, content)
    return path


def verify(path: Path) -> packet.CheckedPacket:
    return packet.verify(path, trust=the_fixtures().trust)


def extract(path: Path, folder: Path) -> packet.Manifest:
    return packet.extract(path, folder, recipients=[the_fixtures().recipient("rcoi")])


class TestWhole:
    def test_what_was_packed_is_unpacked(self, made, tmp_path):
        manifest = extract(made, tmp_path / "out")
        assert [(file.name, file.kind) for file in manifest.files] == [
            (name, kind) for name, (kind, _) in FILES.items()
        ]
        for name, (_, data) in FILES.items():
            assert (tmp_path / "out" / name).read_bytes() == data
        assert next(file for file in manifest.files if file.kind == "sheet").sheet_codes == ("0100000000007",)
        assert not list(tmp_path.glob(".*"))

    def test_it_is_verified_from_outside(self, made):
        checked = verify(made)
        assert checked.sha256 == hashlib.sha256(made.read_bytes()).hexdigest()
        assert {signed.identity.role for signed in checked.signers} == {CertificateRole.HQ, CertificateRole.GEK}
        assert checked.header == packet.read_header(made)

    def test_public_tools_see_three_members_in_order(self, made):
        listed = subprocess.run(["unzip", "-Z1", made], capture_output=True, text=True, check=True).stdout.split()
        assert listed == ["content.p7m", "packet.json", "packet.json.p7s"]
        assert subprocess.run(["unzip", "-tq", made], capture_output=True, check=False).returncode == 0

    def test_signing_only_appends_and_may_be_repeated(self, tmp_path):
        path, content = seal(tmp_path)
        before = path.read_bytes()
        assert len(before) == content.end
        first = sign(path, content)
        assert path.read_bytes()[: content.end] == before
        second = sign(path, content, version=2)
        assert first != second
        assert verify(path).header.version == 2
        assert verify(path).sha256 == second

    def test_extracting_again_gives_the_same(self, made, tmp_path):
        (tmp_path / ".out.part").mkdir()
        (tmp_path / ".out.part" / "left over").write_text("from a killed run")
        first = extract(made, tmp_path / "out")
        assert extract(made, tmp_path / "out") == first
        assert not (tmp_path / "out" / "left over").exists()

    def test_progress_reaches_the_end(self, tmp_path):
        seen: list[tuple[int, int]] = []
        packet.write_content(
            tmp_path / "p.ppe",
            files=tar_files(tmp_path),
            recipients=[the_fixtures().certificates["rcoi"]],
            progress=lambda done, total: seen.append((done, total)),
        )
        assert seen[-1][0] == seen[-1][1]
        assert seen == sorted(seen)

    def test_a_packet_without_files_is_a_packet(self, tmp_path):
        path = tmp_path / "p.ppe"
        content = packet.write_content(path, files=[], recipients=[the_fixtures().certificates["rcoi"]])
        sign(path, content)
        assert extract(path, tmp_path / "out").files == ()


class TestSealing:
    @pytest.mark.parametrize(
        "name",
        [
            "../a",
            "/a",
            "a/../b",
            "a//b",
            "",
            ".hidden",
            "a/.b",
            "a\\b",
            "a\x00b",
            "a:b",
            "b ",
            "-x",
            "a/b/c/d",
            "x" * 300,
            "manifest.json",
            "MANIFEST.json",
        ],
    )
    def test_a_name_that_could_do_harm_is_refused(self, tmp_path, name):
        source = tmp_path / "s"
        source.write_bytes(b"x")
        with pytest.raises(PpeError):
            packet.write_content(
                tmp_path / "p.ppe",
                files=[TarFile(name, "sheet", source)],
                recipients=[the_fixtures().certificates["rcoi"]],
            )

    def test_the_same_name_twice_is_refused(self, tmp_path):
        source = tmp_path / "s"
        source.write_bytes(b"x")
        files = [TarFile("a.tif", "sheet", source), TarFile("A.TIF", "sheet", source)]
        with pytest.raises(tar.TarError):
            packet.write_content(tmp_path / "p.ppe", files=files, recipients=[the_fixtures().certificates["rcoi"]])

    def test_a_file_that_changes_under_way_is_noticed(self, tmp_path):
        files = tar_files(tmp_path)

        def change(done: int, total: int) -> None:
            files[-1].path.write_bytes(b"y" * 512)

        with pytest.raises(SourceChangedError):
            packet.write_content(
                tmp_path / "p.ppe", files=files, recipients=[the_fixtures().certificates["rcoi"]], progress=change
            )

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(PpeError):
            packet.write_content(
                tmp_path / "p.ppe",
                files=[TarFile("a", "sheet", tmp_path / "none")],
                recipients=[the_fixtures().certificates["rcoi"]],
            )


class TestSigning:
    def test_a_header_of_another_content_is_refused(self, tmp_path):
        path, content = seal(tmp_path)
        with pytest.raises(ContentError):
            sign(path, content, content_size=content.size + 1)

    @pytest.mark.parametrize(
        "change",
        [
            {"sitting": "78-0001-290526-02"},
            {"part": 2},
            {"room": None},
            {"kind": "forms"},
            {"uid": "x"},
            {"version": 0},
            {"counts": {"sheets": -1}},
            {"mode": "test"},
            {"recipients": ()},
            {"prev": "abc"},
        ],
    )
    def test_a_header_that_contradicts_itself_is_refused(self, tmp_path, change):
        path, content = seal(tmp_path)
        with pytest.raises(PpeError):
            sign(path, content, **change)

    @pytest.mark.parametrize("names", [("hq",), ("gek",), ("rcoi", "gek"), ("hq", "gek", "scan")])
    def test_the_wrong_signers_are_refused(self, tmp_path, names):
        path, content = seal(tmp_path)
        sign(path, content, *names)
        with pytest.raises((ForeignSignerError, CertificatePathError)):
            verify(path)

    def test_a_status_packet_is_signed_by_the_node_alone(self, tmp_path):
        path, content = seal(tmp_path)
        sign(path, content, "hq", kind="status", room=None)
        assert verify(path).header.kind == "status"
        sign(path, content, "hq", "gek", kind="status", room=None)
        with pytest.raises((ForeignSignerError, CertificatePathError)):
            verify(path)

    def test_a_signer_of_another_point_is_refused(self, tmp_path):
        world = make_fixtures()
        world.make("stranger", CertificateRole.GEK, "0002", "p-009")
        path, content = seal(tmp_path)
        header = make_header(content)
        signers = [world.signer("hq"), world.signer("stranger")]
        packet.append_signature(path, content=content, header=header, signers=signers)
        with pytest.raises(ForeignSignerError):
            packet.verify(path, trust=world.trust)

    def test_another_node_cannot_speak_for_the_one_in_the_header(self, tmp_path):
        path, content = seal(tmp_path)
        sign(path, content, node="another")
        with pytest.raises(ForeignSignerError):
            verify(path)

    def test_a_foreign_authority_is_refused(self, made):
        with pytest.raises(CertificatePathError):
            packet.verify(made, trust=other_fixtures().trust)

    def test_another_regions_key_does_not_open_it(self, made, tmp_path):
        with pytest.raises(PpeError):
            packet.extract(made, tmp_path / "out", recipients=[other_fixtures().recipient("rcoi")])
        assert not (tmp_path / "out").exists()
        assert not list(tmp_path.glob(".out*"))


def test_a_flipped_bit_anywhere_is_noticed(made, tmp_path):
    original = made.read_bytes()
    whole = verify(made)
    for place in [*range(120), *range(120, len(original), max(1, len(original) // 150))]:
        data = bytearray(original)
        data[place] ^= 1 << (place % 8)
        made.write_bytes(data)
        try:
            checked = verify(made)
        except PpeError:
            continue
        # only what no reader acts upon (who made the ZIP, its time stamps) may differ
        assert checked.header == whole.header
        extract(made, tmp_path / "out")
    made.write_bytes(original)


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_packet_or_refused(tmp_path, data):
    path = tmp_path / "any.ppe"
    path.write_bytes(data)
    for check in (packet.read_header, verify):
        with pytest.raises(PpeError):
            check(path)
    with pytest.raises(PpeError):
        extract(path, tmp_path / "any")


_MEASURED = """
import os, resource, sys
from pathlib import Path
from typing import Any, cast
from tests.wire.test_packet import TarFile, extract, packet, sign, the_fixtures, verify

folder, size = Path(sys.argv[1]), int(sys.argv[2]) << 20
(folder / "big").touch()
os.truncate(folder / "big", size)
world = the_fixtures()
content = packet.write_content(
    folder / "p", files=[TarFile("a", "sheet", folder / "big")], recipients=[world.certificates["rcoi"]]
)
sign(folder / "p", content)
verify(folder / "p")
extract(folder / "p", folder / "out")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_size(tmp_path):
    peaks = []
    for size in (1, 48):
        folder = tmp_path / str(size)
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, folder, str(size)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 8 * 1024

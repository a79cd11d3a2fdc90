"""Packets whose signatures hold and whose content lies."""

import hashlib
import zlib
from pathlib import Path

import pytest

from tests.support.pki import the_fixtures
from tests.wire.test_packet import extract, sign, verify
from wire import cms, packet
from wire.errors import PpeError
from wire.packet import Content, ContentError, tar
from wire.packet import zip as packet_zip
from wire.packet.header import manifest_bytes


def craft(folder: Path, listed: bytes, files: dict[str, bytes]) -> Path:
    """A packet whose signatures hold, around a TAR that nobody of this program would have written."""
    sources = [tar.PackedFile(name, len(data), hashlib.sha256(data).hexdigest(), data) for name, data in files.items()]
    sources.insert(0, tar.PackedFile("manifest.json", len(listed), hashlib.sha256(listed).hexdigest(), listed))
    stream, _ = tar.stream(sources)
    blob = cms.seal_bytes(stream.read(), recipients=[the_fixtures().certificates["rcoi"]])
    head = packet_zip.local_header("content.p7m", len(blob), zlib.crc32(blob))
    path = folder / "crafted.ppe"
    path.write_bytes(head + blob)
    sign(path, Content(hashlib.sha256(blob).hexdigest(), len(blob), len(head) + len(blob)))
    return path


def listing(**sizes_and_hashes: bytes) -> bytes:
    rows = [
        packet.ManifestFile(name, "sheet", len(data), hashlib.sha256(data).hexdigest())
        for name, data in sizes_and_hashes.items()
    ]
    return manifest_bytes(packet.Manifest(tuple(rows)))


class TestContentAgainstManifest:
    def test_the_crafted_packet_is_sound_when_nothing_lies(self, tmp_path):
        path = craft(tmp_path, listing(a=b"1", b=b"2"), {"a": b"1", "b": b"2"})
        assert len(extract(path, tmp_path / "out").files) == 2

    @pytest.mark.parametrize(
        "files",
        [
            {"a": b"1", "b": b"3"},
            {"a": b"1", "b": b"22"},
            {"a": b"1"},
            {"a": b"1", "b": b"2", "c": b""},
            {"b": b"2", "a": b"1"},
            {"a": b"1", "c": b"2"},
        ],
    )
    def test_a_file_that_is_not_as_listed_is_refused(self, tmp_path, files):
        path = craft(tmp_path, listing(a=b"1", b=b"2"), files)
        verify(path)
        with pytest.raises(ContentError):
            extract(path, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("listed", [b"", b"{}", b"[]", b"\xff", b'{"format":"ppe-manifest/1","files":[1]}'])
    def test_a_list_that_is_none_is_refused(self, tmp_path, listed):
        with pytest.raises(PpeError):
            extract(craft(tmp_path, listed, {}), tmp_path / "out")

    def test_one_file_listed_twice_is_refused(self, tmp_path):
        row = packet.ManifestFile("a", "sheet", 1, hashlib.sha256(b"1").hexdigest())
        path = craft(tmp_path, manifest_bytes(packet.Manifest((row, row))), {"a": b"1"})
        with pytest.raises(tar.TarError):
            extract(path, tmp_path / "out")


def test_the_content_of_another_packet_is_refused(tmp_path):
    """GIVEN two packets WHEN the one's content stands under the other's signature THEN it is refused."""
    first, second = craft(tmp_path, listing(a=b"1"), {"a": b"1"}), tmp_path / "second.ppe"
    second.write_bytes(first.read_bytes())
    other = craft(tmp_path, listing(a=b"2"), {"a": b"2"})
    with second.open("rb") as file:
        members = packet_zip.read_members(file)
        small = []
        for member in members[1:]:
            file.seek(member.start)
            small.append((member.name, file.read(member.size)))
    with other.open("r+b") as file:
        packet_zip.append_members(file, packet_zip.read_members(file)[0], small)
    verify(second)
    assert packet.read_header(other) == packet.read_header(second)
    with pytest.raises(ContentError):
        verify(other)


def test_whatever_is_wrong_not_one_byte_of_plaintext_is_left_on_the_disk(tmp_path):
    """GIVEN a content cut, flipped, listed wrongly or sealed for somebody else WHEN it is opened THEN nothing stays."""
    secret = b"PLAINTEXT" * 50_000
    sound = craft(tmp_path, listing(a=secret), {"a": secret})
    data = sound.read_bytes()
    with sound.open("rb") as file:
        content = packet_zip.read_members(file)[0]
    damages = {"sound": data}
    for name, at in {"first": 2, "middle": content.size // 2, "tag": content.size - 1}.items():
        damages[name] = (
            data[: content.start + at] + bytes([data[content.start + at] ^ 1]) + data[content.start + at + 1 :]
        )
    damages["listed wrongly"] = craft(tmp_path, listing(a=secret[:-1] + b"?"), {"a": secret}).read_bytes()
    for name, blob in damages.items():
        where = tmp_path / name
        where.mkdir()
        path = where.with_suffix(".ppe")
        path.write_bytes(blob)
        if name == "sound":
            extract(path, where / "out")
            assert (where / "out" / "a").read_bytes() == secret
            continue
        with pytest.raises(PpeError):
            extract(path, where / "out")
        assert not list(where.iterdir()), name
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    with pytest.raises(cms.NoRecipientError):
        packet.extract(tmp_path / "sound.ppe", stranger / "out", recipients=[the_fixtures().recipient("hq")])
    assert not list(stranger.iterdir())

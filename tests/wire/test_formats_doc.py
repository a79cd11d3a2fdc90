"""`docs/formats.md` says the truth: its commands are run, its table is that of the catalogue."""

import datetime as dt
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from reportlab.platypus import Paragraph

from common.paper import pdf
from station_client.cli import main
from tests.station_client.centre import make_package
from tests.support.pki import DAY, SITTING, header, the_fixtures
from tests.wire.test_packet import make_header, tar_files
from tests.wire.test_signed_documents import ACT, ITEM, NOW, RECEIPT
from wire import journal, packet, pki
from wire.documents import access_key, act, anchor, feed, receipt, standing
from wire.forms import make_number
from wire.journal import FormSet
from wire.journal.events import EVENTS
from wire.journal.table import BEGIN, END, markdown
from wire.messages import Both
from wire.names import files as names_files

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "formats.md"
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[str]:
    return FENCE.findall(PAGE.read_text("utf-8"))


def make_files(folder: Path) -> None:
    """One file of every kind, with the names of the page."""
    world = the_fixtures()
    (folder / "ca.pem").write_text(pki.pem(world.ca))
    for name in ("rcoi", "gek", "access"):
        (folder / f"{name}.pem").write_text(pki.pem(world.certificates[name]))
        key = world.keys[name].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.key").write_bytes(key)
    _journal(folder)
    (folder / names_files.package_name("78", "0001", DAY, 1)).write_bytes(
        make_package(world.certificates["print"], made_at="2026-05-28T10:00:00.000000Z")
    )
    sealed = access_key.write(world.keys["access"], recipients=[world.certificates["gek"]])
    (folder / names_files.key_name("78", "0001", DAY, "01", 1)).write_bytes(sealed)
    _packet(folder)
    blob, number = b"", 0
    items = []
    for number in range(1, 4):
        prev = feed.item_hash(blob) if blob else ""
        item = feed.FeedItem(number, prev, ITEM.kind, "training", "78", "0001", NOW, ITEM.body)
        blob = feed.write(item, world.signer("rcoi"))
        items.append(blob)
    (folder / names_files.feed_name("78", "0001", number)).write_bytes(feed.bundle(items))
    name = names_files.act_name(
        "78", "0001", DAY, "01", "journal_missing", room="0101", station="0006", made_at=ACT.made_at
    )
    (folder / name).write_bytes(act.write(ACT, world.signer("gek")))
    heads = (anchor.AnchoredHead("78-0001", 88, "a" * 64), anchor.AnchoredHead("node", 12, "b" * 64))
    said = anchor.AnchorDocument(1, "", "0198c0de", "training", NOW, heads)
    (folder / "ANCHOR_000001.p7m").write_bytes(anchor.write(said, [world.signer("rcoi")]))
    words = Both("Пакет, ауд. 0101: аудитория открыта снова", "Packet, room 0101: the room is open again")
    room = standing.OpenMatter("room_open_again", "0101", words, NOW)
    said = standing.StandingDocument(
        3, "training", "78", "0001", DAY, NOW, (standing.SittingStanding(SITTING, (room,)),), heads[0]
    )
    (folder / names_files.standing_name("78", "0001", DAY, 3)).write_bytes(standing.write(said, [world.signer("hq")]))


def _journal(folder: Path) -> None:
    world = the_fixtures()
    with journal.JournalLog.create(folder / "day.log", header()) as log:
        log.append("exam_started")
        log.append("set_printed", data={"set": 1})
        sets = [FormSet(1, False, False, {"R": make_number("R", 1)})]
        log.append("forms_sealed", data=journal.seal_forms(sets, recipients=[world.certificates["access"]]))
        blob = log.close(world.signer("print"))
    (folder / "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat").write_bytes(blob)


def _packet(folder: Path) -> None:
    world = the_fixtures()
    sources = folder / "sources"
    sources.mkdir()
    part = folder / "part"
    content = packet.write_content(part, files=tar_files(sources), recipients=[world.certificates["rcoi"]])
    head = make_header(content)
    digest = packet.append_signature(
        part, content=content, header=head, signers=[world.signer("hq"), world.signer("gek")]
    )
    name = names_files.packet_name(head)
    part.rename(folder / name)
    found = receipt.Receipt(
        level="acknowledged",
        uid=head.uid,
        version=1,
        sha256=digest,
        number=1,
        supersedes=None,
        region="78",
        point="0001",
        reasons=(),
        counts={"sheets": 2},
        operator="",
        received_at=RECEIPT.received_at,
        issued_at=RECEIPT.issued_at,
        mode="training",
    )
    blob = receipt.write(found, world.signer("rcoi"))
    (folder / names_files.receipt_name(name, "acknowledged")).write_bytes(blob)
    page = [Paragraph(f"Квитанция № {found.number} о пакете {found.sha256}", pdf.styles()["text"])]
    inside = {"receipt-000001.acknowledged.p7m": blob}
    (folder / "REPORT.pdf").write_bytes(pdf.document(page, title="Отчёт", footer="Отчёт № 1", attachments=inside))


def run(block: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    )


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """What every block of the page says."""
    folder = tmp_path_factory.mktemp("formats")
    make_files(folder)
    return folder, {block: run(block, folder) for block in blocks()}


def test_the_page_has_commands_for_every_format():
    page = PAGE.read_text("utf-8")
    for chapter in (
        "Electronic journal",
        "Exam package",
        "Access key",
        "Packet",
        "Receipt",
        "Feed",
        "Act",
        "Standing",
        "Anchor",
        "Report",
    ):
        text = page.split(f"## {chapter}")[1].split("\n## ")[0]
        assert FENCE.search(text), chapter


@pytest.mark.parametrize("number", range(len(blocks())))
def test_every_command_of_the_page_does_what_it_says(spoken, number):
    _, done = spoken
    found = done[blocks()[number]]
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_commands_show_what_is_inside(spoken):
    folder, done = spoken
    said = "".join(found.stdout for found in done.values())
    assert "set_printed" in said
    assert "manifest.json" in said
    assert "sheets/0001.tif" in said
    assert json.loads((folder / "forms.json").read_text())[0]["sheets"] == {"R": make_number("R", 1)}
    assert (folder / "content" / "sheets" / "0001.tif").read_bytes().startswith(b"II*\x00")


@pytest.mark.parametrize(
    ("pattern", "number"), [("END_PRINT_*.dat", 0), ("EXAM_*.zip", 2), ("PACKET_*.ppe", 4), ("ACT_*.p7m", 8)]
)
def test_the_commands_notice_a_changed_file(tmp_path, pattern, number):
    make_files(tmp_path)
    (path,) = tmp_path.glob(pattern)
    data = bytearray(path.read_bytes())
    data[data.index(b'"mode":"training"') + 9 if b'"mode"' in data else len(data) // 2] ^= 1
    path.write_bytes(data)
    assert run(blocks()[number], tmp_path).returncode != 0


def test_the_table_of_events_is_that_of_the_catalogue():
    page = PAGE.read_text("utf-8")
    wanted = f"{BEGIN}\n{markdown()}\n{END}"
    if os.environ.get("PPE_WRITE_DOCS"):
        page = re.sub(f"{BEGIN}.*?{END}", lambda _: wanted, page, flags=re.DOTALL)
        PAGE.write_text(page, "utf-8")
    assert wanted in page, "PPE_WRITE_DOCS=1 pytest tests/wire/test_formats_doc.py writes it anew"
    assert all(f"`{event}`" in page for event in EVENTS)


def test_verify_says_the_same_in_both_languages(tmp_path, capsys):
    make_files(tmp_path)
    files = [str(path) for path in sorted(tmp_path.iterdir()) if path.suffix in (".dat", ".ppe", ".zip")]
    assert main(["verify", "--ca", str(tmp_path / "ca.pem"), *files]) == 0
    assert "Пакет экзамена" in capsys.readouterr().out
    assert main(["--lang", "en", "verify", "--ca", str(tmp_path / "ca.pem"), *files]) == 0
    said = capsys.readouterr().out
    assert "Exam package" in said
    assert not re.search("прочитан|подписал", said)
    assert dt.datetime.now(dt.UTC).strftime("%d.%m.%Y") in said

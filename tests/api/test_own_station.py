"""The page for makers of stations does what it says: its commands and its example, against a point and a centre."""

import ast
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.api.conftest import portal, seed
from tests.support.upload_node import ROOT, UploadNode
from wire import cms, journal, pki
from wire.cms.provider import Recipient
from wire.errors import PpeError

#: The database of these tests is copied for the nodes.
pytestmark = [pytest.mark.slow, pytest.mark.django_db]

PAGES = [ROOT / "docs" / "own-station.md", ROOT / "docs" / "own-station.ru.md"]
EXAMPLE = ROOT / "docs" / "examples" / "station.py"
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(PAGES[0].read_text("utf-8"))
PRINT, OTHER = "urn:ppe:print:78:0001:0001", "urn:ppe:print:78:0001:0002"


@dataclass
class World:
    """A point and a centre, and the folders of two stations that they certified."""

    hq: UploadNode
    centre: UploadNode
    papers: Path
    by_hand: Path
    example: Path
    fingerprint: str


def run(folder: Path, block: str, **variables: str) -> str:
    """Run commands of the page; return what they print."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "no_proxy": "*", **variables},
    )
    assert done.returncode == 0, block + done.stdout + done.stderr
    return done.stdout


def station(*words: object) -> str:
    """Run the example; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-I", EXAMPLE, *map(str, words)], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> Iterator[World]:
    """Requests first, as the page has it; then the centre signs them, and the point takes the package in."""
    root = tmp_path_factory.mktemp("own")
    papers, by_hand, example = root / "papers", root / "by-hand", root / "example"
    for folder in (papers, by_hand):
        folder.mkdir()
    run(by_hand, BLOCKS[0], NAME=PRINT)
    station("request", example, OTHER)
    for request in (*by_hand.glob("CSR_*"), *example.glob("CSR_*")):
        (papers / request.name).write_bytes(request.read_bytes())
    nodes = []
    for kind in ("rcoi", "hq"):
        folder = root / kind / "data"
        folder.mkdir(parents=True)
        (folder / "db.sqlite3").write_bytes((blank / "db.sqlite3").read_bytes())
        nodes.append(portal(folder, kind))
    told = seed(nodes[0], "tests.api.seed", str(papers))
    seed(nodes[1], "tests.api.seed", str(papers))
    (package,) = papers.glob("EXAM_*.zip")
    (by_hand / package.name).write_bytes(package.read_bytes())
    for node in nodes:
        node.start()
    yield World(nodes[1], nodes[0], papers, by_hand, example, told["fingerprint"])
    for node in nodes:
        node.kill()


def opened(world: World, folder: Path) -> list[dict[str, str]]:
    """Read the journal of a folder, and open its numbers with the access key as the point does when it is active."""
    with zipfile.ZipFile(next(world.papers.glob("EXAM_*.zip"))) as archive:
        trust = pki.TrustStore(pki.load_pem_certificates(archive.read("ca.pem")))
    (path,) = folder.glob("END_PRINT_*.dat")
    document = journal.read(path.read_bytes(), trust=trust)
    assert document.problems == ()
    return [dict(each.sheets) for each in journal.open_forms(document, recipients=[access_key(world)])]


def access_key(world: World) -> Recipient:
    """Return the access key of the sitting, opened with the key of the GEK member."""
    run(world.papers, "openssl cms -decrypt -binary -inform DER -in access.p7m -inkey gek.key -out access.der")
    key = serialization.load_der_private_key((world.papers / "access.der").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    with zipfile.ZipFile(next(world.papers.glob("EXAM_*.zip"))) as archive:
        (world.papers / "access.pem").write_bytes(archive.read("access.pem"))
    (certificate,) = pki.load_pem_certificates((world.papers / "access.pem").read_bytes())
    return Recipient(certificate, key)


def test_every_command_of_the_page_does_what_it_says(world: World):
    where = {"NAME": PRINT, "HQ": world.hq.url, "CENTRE": world.centre.url, "CA_FINGERPRINT": world.fingerprint}
    for block in BLOCKS[1:]:
        run(world.by_hand, block, **where)
    sent = json.loads((world.by_hand / "sent.json").read_text())
    assert (sent["state"], sent["doubts"], sent["repeated"]) == ("accepted", [], False)
    assert json.loads((world.by_hand / "upload.json").read_text())["result"]["repeated"] is True
    assert json.loads((world.by_hand / "receipt.json").read_text())["level"] == "delivered"
    (row,) = json.loads((world.by_hand / "forms.json").read_text())
    assert opened(world, world.by_hand) == [row["sheets"]]


def test_the_derivation_has_to_be_named_as_the_page_says(world: World):
    key = access_key(world)
    for words, opens in (("-keyopt ecdh_kdf_md:sha256", True), ("", False)):
        command = (
            f"echo 1 | openssl cms -encrypt -binary -aes-256-gcm -outform DER -recip access.pem {words} -out made.p7m"
        )
        run(world.papers, command)
        blob = (world.papers / "made.p7m").read_bytes()
        if opens:
            assert cms.open_bytes(blob, recipients=[key]) == b"1\n"
        else:
            with pytest.raises(PpeError):
                cms.open_bytes(blob, recipients=[key])


def test_the_example_plays_a_day(world: World):
    numbers = [{"set": 1, "spoiled": False, "unused": False, "sheets": {"R": "0100000000014"}}]
    (world.example / "forms.json").write_text(json.dumps(numbers))
    (package,) = world.papers.glob("EXAM_*.zip")
    told = station("day", world.example, package, world.fingerprint, world.hq.url, world.centre.url)
    assert "sent: accepted" in told
    assert "in pieces: accepted" in told
    assert "feed: 1 receipt" in told
    assert "receipt: delivered" in told
    assert opened(world, world.example) == [numbers[0]["sheets"]]


def test_the_example_is_made_of_what_everybody_has():
    tree = ast.parse(EXAMPLE.read_text("utf-8"))
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or "."] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert modules - sys.stdlib_module_names == {"httpx"}
    assert not {"importlib", "runpy", "ctypes"} & modules


def test_both_languages_have_the_same_commands():
    blocks = [FENCE.findall(page.read_text("utf-8")) for page in PAGES]
    # The comments are in the language of the page.
    plain = [[re.sub(r"^#.*\n", "", block, flags=re.MULTILINE) for block in page] for page in blocks]
    assert plain[0] == plain[1]
    headings = [re.findall(r"^## (\d+)", page.read_text("utf-8"), re.MULTILINE) for page in PAGES]
    assert headings[0] == headings[1] == [str(number) for number in range(1, 10)]

"""Other makers' clients, tuspy and tus-js-client, upload to our server over a line that is cut at random bytes."""

import base64
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from tests.proofs.proxy import FaultProxy, Faults
from tests.support.needs import missing
from tests.support.proving import SEED
from tests.support.upload_node import HQ

pytestmark = pytest.mark.slow

MIB = 1 << 20
NAME = "Пакет № 1 «бланки» 🎓.ppe"
SIZES = [0, 1, 65_537, 5 * MIB + 3]
JS = """
import fs from 'node:fs'
import * as tus from 'tus-js-client'
const [path, endpoint, token, name, chunk] = process.argv.slice(2)
const stream = fs.createReadStream(path)
const upload = new tus.Upload(stream, {
  endpoint, chunkSize: Number(chunk), uploadSize: fs.statSync(path).size,
  headers: { Authorization: `Bearer ${token}` }, metadata: { purpose: 'probe', filename: name },
  retryDelays: Array(40).fill(100),
  onError: error => { console.error(String(error)); process.exit(1) },
  onSuccess: () => { console.log(JSON.stringify({ url: upload.url })); process.exit(0) },
})
upload.start()
"""


@pytest.fixture(scope="session")
def tus_js(tmp_path_factory) -> Path:
    """A folder in which node finds tus-js-client; `PPE_NPM` names one that has it already."""
    if shutil.which("npm") is None:
        missing("npm")
    folder = tmp_path_factory.mktemp("npm")
    ready = os.environ.get("PPE_NPM")
    if ready:
        (folder / "node_modules").symlink_to(Path(ready) / "node_modules")
    else:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "tus-js-client@4.3.1"]
        if subprocess.run(command, cwd=folder, timeout=100, check=False, capture_output=True).returncode:
            missing("the npm registry (tus-js-client)")
    (folder / "upload.mjs").write_text(JS, encoding="utf-8")
    return folder


@pytest.fixture
def line(node):
    made = []

    def make(cuts):
        made.append(FaultProxy(node.port, SEED, Faults(cut=cuts, drop=min(cuts, 2), likely=1.0)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def file_of(folder: Path, size: int) -> tuple[Path, str]:
    path, digest = folder / "content.bin", hashlib.sha256()
    rng = random.Random(size)
    with path.open("wb") as file:
        for start in range(0, size, MIB):
            piece = rng.randbytes(min(MIB, size - start))
            digest.update(piece)
            file.write(piece)
    return path, digest.hexdigest()


def assert_whole(node, location, size, digest):
    with node.client() as client:
        told = client.get(location).json()
        head = client.head(location)
    assert (told["state"], told["length"], told["sha256"]) == ("handled", size, digest), f"seed {SEED}"
    metadata = dict(pair.split(" ") for pair in head.headers["Upload-Metadata"].split(","))
    assert base64.b64decode(metadata["filename"]).decode() == NAME


def by_tuspy(proxy, path, chunk):
    client = TusClient(f"{proxy.url}/api/v1/uploads/", headers={"Authorization": f"Bearer {HQ}"})
    metadata = {"purpose": "probe", "filename": NAME}
    location = None
    for _ in range(60):
        try:
            # Its own way of opening the file leaves it open.
            with path.open("rb") as file:
                uploader = client.uploader(file_stream=file, chunk_size=chunk, metadata=metadata, url=location)
                if location is None:
                    location = uploader.create_url()
                    uploader.set_url(location)
                uploader.upload()
        except (TusCommunicationError, OSError):
            continue
        return location
    raise AssertionError(f"not uploaded, seed {SEED}")


def by_tus_js(folder, proxy, path, chunk):
    done = subprocess.run(
        ["node", "upload.mjs", str(path), f"{proxy.url}/api/v1/uploads/", HQ, NAME, str(chunk)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"seed {SEED}: {done.stderr[-1500:]}"
    return json.loads(done.stdout)["url"]


@pytest.mark.parametrize("size", SIZES)
def test_tuspy_uploads_over_a_cut_line(node, line, tmp_path, size):
    path, digest = file_of(tmp_path, size)
    proxy = line(cuts=4 if size > MIB else 0)
    location = by_tuspy(proxy, path, MIB)
    assert_whole(node, location.removeprefix(proxy.url), size, digest)
    assert size < MIB or proxy.done["cut"] >= 3


@pytest.mark.parametrize("size", SIZES)
def test_tus_js_client_uploads_over_a_cut_line(node, line, tus_js, tmp_path, size):
    path, digest = file_of(tmp_path, size)
    proxy = line(cuts=4 if size > MIB else 0)
    location = by_tus_js(tus_js, proxy, path, MIB)
    assert_whole(node, location.removeprefix(proxy.url), size, digest)
    assert size < MIB or proxy.done["cut"] >= 3


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["tuspy", "tus-js-client"])
def test_a_gigabyte_arrives_over_a_cut_line(node, line, tus_js, tmp_path, name):
    path, digest = file_of(tmp_path, 1 << 30)
    proxy = line(cuts=20)
    location = by_tuspy(proxy, path, 8 * MIB) if name == "tuspy" else by_tus_js(tus_js, proxy, path, 8 * MIB)
    assert_whole(node, location.removeprefix(proxy.url), 1 << 30, digest)
    sys.stdout.write(f"\n{name}: 1 GiB, {dict(proxy.done)}, seed {SEED}\n")

"""One gibibyte between us and `openssl cms`, both ways, two recipients in one message, in files as a node has them."""

import os
import time
from pathlib import Path

import psutil
import pytest

from tests.support.authority import holder
from tests.support.needs import missing
from tests.wire.openssl import ENCRYPT, Workbench, openssl
from wire import cms
from wire.durable import sha256_file
from wire.errors import PpeError

pytestmark = [pytest.mark.prove, pytest.mark.timeout(900)]

KINDS = ("ec", "rsa")
SIZE = int(os.environ.get("PPE_PROVE_MIB", "1024")) << 20


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> tuple[Path, str]:
    """A file of that size, no two blocks alike."""
    # openssl opens in memory: 2.7 times the message.
    if psutil.virtual_memory().available < 4 * SIZE:
        missing("4 GiB of free memory for openssl")
    path, block = tmp_path_factory.mktemp("gigabyte") / "content", bytearray(os.urandom(1 << 20))
    with path.open("wb") as file:
        for number in range(SIZE >> 20):
            block[:8] = number.to_bytes(8)
            file.write(block)
    yield path, sha256_file(path)
    path.unlink()


def opened(sealed: Path, out: Path, kind: str) -> str:
    with sealed.open("rb") as src, out.open("wb") as dst:
        cms.open_sealed(src, dst, recipients=[holder(kind).recipient])
    return sha256_file(out)


def test_openssl_opens_a_gigabyte_of_ours_and_every_damage_leaves_nothing(content, tmp_path, record_property) -> None:
    path, digest = content
    sealed, out, bench = tmp_path / "sealed", tmp_path / "out", Workbench(tmp_path)
    begun = time.monotonic()
    with path.open("rb") as src, sealed.open("wb") as dst:
        cms.seal(src, dst, size=SIZE, recipients=[holder(kind).certificate for kind in KINDS])
    record_property("mib", SIZE >> 20)
    record_property("sealed_s", round(time.monotonic() - begun, 1))
    for kind in KINDS:
        run = openssl(
            "cms",
            "-decrypt",
            "-binary",
            "-inform",
            "DER",
            "-in",
            sealed,
            "-out",
            out,
            "-recip",
            bench.certificate(holder(kind), kind),
            "-inkey",
            bench.key(holder(kind), kind),
        )
        assert run.returncode == 0, run.stderr
        assert sha256_file(out) == digest, kind
    assert opened(sealed, out, "rsa") == digest
    for damage in (_flip(SIZE // 2), _flip(sealed.stat().st_size - 1), _cut(1), _cut(SIZE // 3)):
        damage(sealed)
        with sealed.open("rb") as src, out.open("wb") as dst, pytest.raises(PpeError):
            cms.open_sealed(src, dst, recipients=[holder("ec").recipient])
        assert out.stat().st_size == 0, "plaintext was left"


@pytest.mark.parametrize("stream", [(), ("-stream",)], ids=["DER", "BER"])
def test_we_open_a_gigabyte_of_openssl(content, tmp_path, stream, record_property) -> None:
    record_property("mib", SIZE >> 20)
    path, digest = content
    bench, sealed = Workbench(tmp_path), tmp_path / "sealed"
    recipients = [word for kind in KINDS for word in ("-recip", bench.certificate(holder(kind), kind), *ENCRYPT[kind])]
    run = openssl(
        "cms",
        "-encrypt",
        "-binary",
        "-aes-256-gcm",
        *stream,
        "-in",
        path,
        "-outform",
        "DER",
        "-out",
        sealed,
        *recipients,
    )
    assert run.returncode == 0, run.stderr
    for kind in KINDS:
        assert opened(sealed, tmp_path / "out", kind) == digest


def _flip(position: int):
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(position)
            byte = file.read(1)[0]
            file.seek(position)
            file.write(bytes([byte ^ 1]))

    return damage


def _cut(count: int):
    return lambda path: os.truncate(path, path.stat().st_size - count)

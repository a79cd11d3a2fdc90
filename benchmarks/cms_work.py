"""One piece of work of the `cms` benchmark, in a process of its own: ``seal | open | pack | sha``."""

import datetime as dt
import hashlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import BinaryIO

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from wire import cms, durable, packet, pki

PIECE = 1 << 18


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


def private_key(folder: Path, name: str) -> pki.PrivateKey:
    return serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)  # type: ignore[return-value]


def recipients(folder: Path) -> list[x509.Certificate]:
    return [certificate(folder, "rsa"), certificate(folder, "ec")]


def over(path: Path) -> BinaryIO:
    """Open a file to be written over, made where it is missing; its pages stay the machine's."""
    path.touch()
    return path.open("r+b", buffering=0)


def seal(folder: Path) -> None:
    """Encrypt for two recipients, hash what is written, sign the hash."""
    source = folder / "content"
    with source.open("rb", buffering=0) as src, over(folder / "ours.p7m") as dst:
        sealed = cms.seal(src, dst, size=source.stat().st_size, recipients=recipients(folder))
    text = f"{sealed.sha256} {sealed.size}\n".encode()
    signature = cms.sign(text, signers=[cms.Signer(certificate(folder, "by"), private_key(folder, "by"))])
    (folder / "ours.p7s").write_bytes(signature)


def open_(folder: Path) -> None:
    """Check the signature, then the hash, and only then decrypt."""
    trust = pki.TrustStore([certificate(folder, "ca")])
    said = cms.verify((folder / "ours.p7s").read_bytes(), trust=trust, at=dt.datetime.now(dt.UTC)).content.split()
    if durable.sha256_file(folder / "ours.p7m") != said[0].decode():
        raise SystemExit("the hash does not hold")
    keys = [cms.Recipient(certificate(folder, "ec"), private_key(folder, "ec"))]
    with (folder / "ours.p7m").open("rb", buffering=0) as src, over(folder / "ours.out") as dst:
        cms.open_sealed(src, dst, recipients=keys)


def pack(folder: Path) -> None:
    """A whole packet's content, as a node seals it: manifest, TAR, CMS, ZIP, synced."""
    files = [packet.TarFile("sheets/content.tif", "sheet", folder / "content")]
    packet.write_content(folder / "packet.part", files=files, recipients=recipients(folder))


def sha(folder: Path) -> None:
    """SHA-256 of the content and nothing else: what bounds everything that signs a hash."""
    digest, buffer = hashlib.sha256(), memoryview(bytearray(PIECE))
    with (folder / "content").open("rb", buffering=0) as src:
        while got := src.readinto(buffer):
            digest.update(buffer[:got])
    print(digest.hexdigest())


def peak_mb() -> float:
    """The most memory this process had since its own start; `ru_maxrss` would begin with the parent's."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    # Where a number follows, the address space is bounded to so many MiB.
    if len(sys.argv) > 3:
        resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]) << 20,) * 2)
    where = Path(sys.argv[2])
    begin = time.perf_counter()
    {"seal": seal, "open": open_, "pack": pack, "sha": sha}[sys.argv[1]](where)
    inner = time.perf_counter() - begin
    (where / "said.json").write_text(json.dumps({"inner": inner, "peak_mb": peak_mb()}))

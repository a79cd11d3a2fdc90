"""The `openssl` program as an independent reader and writer."""

import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from tests.support.authority import Authority, Holder
from wire import pki

# How `openssl cms -encrypt` is told to use the algorithms of this system for each kind of key.
ENCRYPT = {
    "ec": ["-keyopt", "ecdh_kdf_md:sha256"],
    "rsa": ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256"],
}


def openssl(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)


class Workbench:
    """Files in one folder for one run of the program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        return path

    def certificate(self, holder: Holder | Authority, name: str) -> Path:
        return self.put(f"{name}.pem", pki.pem(holder.certificate).encode())

    def key(self, holder: Holder, name: str) -> Path:
        form = serialization.PrivateFormat.PKCS8
        data = holder.key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        return self.put(f"{name}.key", data)

    def decrypt(self, sealed: bytes, holder: Holder) -> subprocess.CompletedProcess[bytes]:
        return openssl(
            "cms",
            "-decrypt",
            "-binary",
            "-inform",
            "DER",
            "-in",
            self.put("sealed", sealed),
            "-recip",
            self.certificate(holder, "recipient"),
            "-inkey",
            self.key(holder, "recipient"),
        )

    def encrypt(self, content: bytes, *holders: tuple[str, Holder], options: tuple[str, ...] = ()) -> bytes:
        recipients: list[str | Path] = []
        for number, (kind, holder) in enumerate(holders):
            recipients += ["-recip", self.certificate(holder, f"to{number}"), *ENCRYPT[kind]]
        run = openssl(
            "cms",
            "-encrypt",
            "-binary",
            "-aes-256-gcm",
            *options,
            "-in",
            self.put("content", content),
            "-outform",
            "DER",
            "-out",
            self.folder / "sealed",
            *recipients,
        )
        assert run.returncode == 0, run.stderr
        return (self.folder / "sealed").read_bytes()

    def sign(self, content: bytes, *holders: Holder, options: tuple[str, ...] = ()) -> bytes:
        signers: list[str | Path] = []
        for number, holder in enumerate(holders):
            signers += ["-signer", self.certificate(holder, f"by{number}"), "-inkey", self.key(holder, f"by{number}")]
        run = openssl(
            "cms",
            "-sign",
            "-binary",
            "-md",
            "sha256",
            *options,
            "-in",
            self.put("content", content),
            "-outform",
            "DER",
            "-out",
            self.folder / "signed",
            *signers,
        )
        assert run.returncode == 0, run.stderr
        return (self.folder / "signed").read_bytes()

    def verify(self, signed: bytes, authority: Authority, *options: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Verify with nothing but the authority's certificate: default purpose, default checks."""
        return openssl(
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            self.put("signed", signed),
            "-CAfile",
            self.certificate(authority, "ca"),
            *options,
        )

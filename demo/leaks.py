"""What must not lie open on a disk: private keys, passwords, PINs, the plain content of packets, loose file modes."""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from demo import checks
from demo.actors import DemoToken
from demo.checks import CheckFailedError
from demo.harness import Harness
from demo.report import DemoStep


def nothing_lies_open(stage: Harness, step: DemoStep) -> None:
    """Search both data folders, databases and logs.

    Raises:
        CheckFailedError: Something lies where it must not, or the search itself finds nothing where a key does lie.
    """
    hq, rcoi, logs = stage.hq.data, stage.rcoi.data, stage.folders.logs
    keys = 0
    opens = "openssl" not in checks.missing_tools()
    if not opens:
        stage.report.skip("that no access key lies open: openssl is missing")
    for token in stage.tokens.values():
        _absent(f"the key of {token.person.full_name}", checks.scalar_of_p12(token.path, token.pin), [hq, rcoi, logs])
        keys += 1
    for exam in stage.plan.exams if opens else ():
        sitting = stage.plan.sitting(exam)
        scalar = access_scalar(stage.access_keys[sitting][1], stage.tokens[exam.code])
        _absent(f"the access key of {sitting}", scalar, [hq, rcoi, logs])
        keys += 1
    centre = checks.scalar_of_pem(stage.folders.pki / "rcoi.key")
    _absent("the key of the centre", centre, [hq, logs])
    if not checks.holders(centre, [rcoi]):
        raise CheckFailedError("the search does not find the centre's key where it lies")
    secrets = passwords(stage)
    _unwritten(secrets, [hq, rcoi, logs])
    for node in (hq, rcoi):
        closed(node / "keys")
    count = sum(1 for _path in checks.files_of([hq, rcoi, logs]))
    step.facts.append(f"{keys + 1} keys, {len(secrets)} passwords and PINs, {count} files")
    _unreadable(stage, step)


def access_scalar(p7m: bytes, token: DemoToken) -> bytes:
    """Return the private scalar of an access key, opened with a GEK member's token by `openssl cms`.

    Raises:
        CheckFailedError: The token does not open it.
    """
    key, _certificate, _others = pkcs12.load_key_and_certificates(token.path.read_bytes(), token.pin.encode())
    if key is None:
        raise CheckFailedError(f"{token.path.name}: no key in the token")
    with tempfile.TemporaryDirectory(prefix="ppe-check-") as name:
        folder = Path(name)
        (folder / "in.p7m").write_bytes(p7m)
        (folder / "gek.key").touch(mode=0o600)
        (folder / "gek.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        checks.run(
            "openssl",
            "cms",
            "-decrypt",
            "-binary",
            "-inform",
            "DER",
            "-in",
            folder / "in.p7m",
            "-inkey",
            folder / "gek.key",
            "-out",
            folder / "access.der",
        )
        checks.run("openssl", "pkey", "-inform", "DER", "-in", folder / "access.der", "-out", folder / "access.pem")
        return checks.scalar_of_pem(folder / "access.pem")


def _absent(what: str, scalar: bytes, folders: list[Path]) -> None:
    held = checks.holders(scalar, folders)
    if held:
        raise CheckFailedError(f"{what} lies in {', '.join(map(str, held[:5]))}")


def passwords(stage: Harness) -> dict[str, str]:
    """Return every password and PIN of the day, and whose it is."""
    found = {login.password: f"the password of {name}" for name, (login, _person) in stage.logins.items()}
    return {**found, **{token.pin: f"the PIN of {token.person.full_name}" for token in stage.tokens.values()}}


def _unwritten(secrets: dict[str, str], folders: Iterable[Path]) -> None:
    # As words of their own: eight digits inside a hash are no PIN.
    words = b"|".join(re.escape(secret.encode()) for secret in secrets)
    pattern = re.compile(rb"(?<![0-9A-Za-z])(" + words + rb")(?![0-9A-Za-z])")
    for path in checks.files_of(folders):
        hit = pattern.search(path.read_bytes())
        if hit:
            raise CheckFailedError(f"{secrets[hit[1].decode()]} stands in {path}")


def closed(folder: Path) -> None:
    """Hold the folder of private keys to its modes: nobody but the node's user reads it.

    Raises:
        CheckFailedError: Others may read something.
    """
    loose = [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]
    if loose or not any(folder.iterdir()):
        raise CheckFailedError(f"private keys are open to other users, or there are none: {folder} {loose[:5]}")


def sealed_only(folder: Path, plain: dict[str, bytes]) -> None:
    """Search a node's folder for the plain content of packets: the beginning of each manifest, word for word.

    Raises:
        CheckFailedError: A file holds it.
    """
    wanted = re.compile(b"|".join(re.escape(data) for data in plain.values()))
    for path in checks.files_of([folder]):
        hit = wanted.search(path.read_bytes())
        if hit:
            name = next(name for name, data in plain.items() if data == hit[0])
            raise CheckFailedError(f"the content of {name} lies unsealed in {path}")


def _unreadable(stage: Harness, step: DemoStep) -> None:
    runner = stage.hq.runner
    if runner.uid is None:
        stage.report.skip(f"that another user cannot read the centre's key: {runner.reason}")
        return
    key = stage.rcoi.data / "keys" / "rcoi.key"
    if checks.readable(key, runner.uid):
        raise CheckFailedError(f"uid {runner.uid} of the HQ can read {key}")
    step.facts.append(f"uid {runner.uid} cannot read rcoi.key")

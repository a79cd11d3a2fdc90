"""Reading the environment: typed values, secrets that may live in files, and what was written wrongly.

A value that cannot be read gives way to the default and is remembered: the system checks name it (`ppe.E010`), and a
node with an error does not start. So a mistyped number is a sentence, not a traceback.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})
#: Secrets of which the variable `NAME_FILE` may name a file instead.
SECRETS = ("PPE_SECRET_KEY", "PPE_DATABASE_URL", "PPE_REDIS_URL")
#: Read elsewhere: by the supervisor, by tests and by proofs.
_ELSEWHERE = ("PPE_CHILD", "PPE_REQUIRE_ALL", "PPE_TEST_DIR", "PPE_FAULT_POINTS", "PPE_SEED", "PPE_KEEP_PDFS")
_known: set[str] = {*_ELSEWHERE, *(f"{name}_FILE" for name in SECRETS)}


@dataclass(frozen=True)
class Mistake:
    """A variable whose value cannot be read."""

    name: str
    value: str
    expected: str


mistakes: list[Mistake] = []


def known_names() -> frozenset[str]:
    """Return the variables that anything reads."""
    return frozenset(_known)


def text(name: str, default: str = "") -> str:
    """Return a text."""
    _known.add(name)
    return os.environ.get(name, default)


def choice(name: str, default: str, *allowed: str) -> str:
    """Return one of some words."""
    value = text(name, default)
    if value in allowed:
        return value
    mistakes.append(Mistake(name, value, "one of " + ", ".join(allowed)))
    return default


def whole(name: str, default: int, *, low: int) -> int:
    """Return a whole number that is not below a bound."""
    value = text(name).strip()
    if not value:
        return default
    if value.isascii() and value.isdecimal() and len(value) < 12 and int(value) >= low:
        return int(value)
    mistakes.append(Mistake(name, value, f"a whole number, {low} or more"))
    return default


def seconds(name: str, default: float) -> float:
    """Return a number of seconds: between a twentieth of one and a day."""
    value = text(name).strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if 0.05 <= number <= 86_400:
        return number
    mistakes.append(Mistake(name, value, "seconds, between 0.05 and 86400"))
    return default


def flag(name: str) -> bool:
    """Return a yes or no; no when it is not said."""
    value = text(name).strip().lower()
    if value not in _YES | _NO | {""}:
        mistakes.append(Mistake(name, value, "1 or 0"))
    return value in _YES


def words(name: str, default: list[str]) -> list[str]:
    """Return the words of a comma-separated variable."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or default


def in_ascii(name: str, value: str) -> str:
    """Return a host, or an address with one, as it goes over the network: letters of other alphabets in Punycode."""
    if value.isascii():
        return value
    try:
        return re.sub(r"[^./:@*\[\]]+", lambda label: label[0].encode("idna").decode(), value)
    except UnicodeError:
        mistakes.append(Mistake(name, value, "a name of a host, such as ppe.example"))
        return ""


def hosts(name: str, default: list[str]) -> list[str]:
    """Return the hosts, or addresses with hosts, of a comma-separated variable."""
    return [host for each in words(name, default) if (host := in_ascii(name, each))]


def address(name: str) -> str:
    """Return the address of another node: http or https with a host, nothing behind it."""
    value = text(name).strip().rstrip("/")
    if not value:
        return ""
    try:
        value = in_ascii(name, value)
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if sound and not (parts.path or parts.query or parts.fragment or parts.username):
        return value
    mistakes.append(Mistake(name, value, "an address such as https://rcoi.example"))
    return ""


def secret(name: str, default: str = "") -> str:
    """Return a secret from ``NAME`` or from the file that ``NAME_FILE`` names.

    Raises:
        ImproperlyConfigured: The named file cannot be read; a node must not start half-configured.
    """
    value = text(name, default)
    path = text(f"{name}_FILE")
    if not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error}") from error


def server(name: str, *schemes: str) -> str:
    """Return the secret address of a server that the node keeps its data in; empty when none is named.

    Raises:
        ImproperlyConfigured: It is no such address. Falling back to another place for the data would hide them.
    """
    value = secret(name)
    if value and value.partition("://")[0] not in schemes:
        expected = " or ".join(f"{scheme}://…" for scheme in schemes)
        raise ImproperlyConfigured(f"{name}: expected {expected}")
    return value


def folder_list(name: str) -> list[Path]:
    """Return the folders of a colon-separated variable, in order, without empty parts."""
    return [Path(part) for part in text(name).split(":") if part]


def kept_secret_key(folder: Path) -> str:
    """Return the node's Django secret key; the first start writes it to ``folder``, readable by the node alone."""
    path = folder / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    return path.read_text(encoding="ascii")

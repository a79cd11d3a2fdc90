"""Reading the environment: typed values, and secrets that may live in files."""

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def secret(name: str, default: str = "") -> str:
    """Return a secret from ``NAME`` or from the file that ``NAME_FILE`` names.

    Raises:
        ImproperlyConfigured: The named file cannot be read; a node must not start half-configured.
    """
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE: {error}") from error


def folder_list(name: str) -> list[Path]:
    """Return the folders of a colon-separated variable, in order, without empty parts."""
    return [Path(part) for part in os.environ.get(name, "").split(":") if part]


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

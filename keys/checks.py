"""System checks of settings that can hurt: where tokens are looked for, who can read the private keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register
def token_folders(app_configs: Sequence[Any] | None, **kwargs: object) -> list[CheckMessage]:
    """Warn of a token folder that other users of the machine may write to."""
    found: list[CheckMessage] = []
    for folder in map(Path, settings.PPE_TOKEN_DIRS):
        if folder.is_dir() and folder.stat().st_mode & 0o002 and not folder.stat().st_mode & 0o1000:
            found.append(
                Warning(
                    f"PPE_TOKEN_DIRS: everybody may write to {folder}.",
                    hint="Another user of this machine could replace a token's file.",
                    id="keys.W001",
                )
            )
    if settings.PPE_PKCS11_MODULE:
        found.append(
            Warning(
                "PPE_PKCS11_MODULE is set, but this version reads PKCS#12 files of PPE_TOKEN_DIRS only.",
                hint="Take the setting away and use token folders; tokens in PKCS#11 slots cannot be used yet.",
                id="keys.W002",
            )
        )
    return found


@register
def key_folder(app_configs: Sequence[Any] | None, **kwargs: object) -> list[CheckMessage]:
    """Warn of private keys that other users of the machine can read."""
    folder = Path(settings.PPE_DATA_DIR) / "keys"
    if not folder.is_dir():
        return []
    loose = [path.name for path in folder.glob("*") if path.is_file() and path.stat().st_mode & 0o077]
    if not loose:
        return []
    return [
        Warning(
            f"Other users of this machine can read private keys: {', '.join(sorted(loose)[:5])}.",
            hint=f"chmod 600 {folder}/*",
            id="keys.W003",
        )
    ]

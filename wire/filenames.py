"""Names that any file system takes: what may stand in one, and how any text becomes one."""

import re
import unicodedata

#: What Linux or Windows does not take in a name, for the brackets of a regular expression.
FORBIDDEN = r'\x00-\x1f\x7f-\x9f/\\:*?"<>|'
MAX_NAME = 240
_PLAIN = re.compile(f"[^{FORBIDDEN}]+")


def is_plain(name: str) -> bool:
    """Whether a name may stand in a packet: relative, at most three levels, nothing that a file system objects to."""
    parts = name.split("/")
    return (
        0 < len(name.encode("utf-8", "replace")) <= MAX_NAME
        and len(parts) <= 3
        and all(_PLAIN.fullmatch(part) and part[0] not in ".- " and part[-1] not in ". " for part in parts)
        and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)
    )


def folded(name: str) -> str:
    """A name without what copying changes: the form of its letters, their case, blanks around it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def plain(name: str) -> str:
    """A name of one level that may stand in a packet, as near to the given one as can be; its extension is kept."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = re.sub(f"[{FORBIDDEN}]", "_", text).strip(". ").lstrip("-")
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension) > 10:
        stem, extension = text, ""
    room = MAX_NAME - len(f".{extension}".encode())
    stem = stem.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip(". ")
    text = f"{stem}.{extension}" if extension else stem
    return text if is_plain(text) else "file"

"""What file systems take as a name: the rules of Windows and of code pages, as pure functions.

A flash drive goes from a Linux station to a Windows one and back; these rules say beforehand what would not survive.
They were tested as functions, not on Windows itself.
"""

import re
import unicodedata

from wire.errors import Part
from wire.messages import Message

#: Windows counts UTF-16 units: 255 for a name, 259 for a whole path without the long-path prefix.
MAX_NAME, MAX_PATH = 255, 259
#: A name on ext4 and most other Linux file systems, in bytes.
MAX_BYTES = 255
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{device}{digit}" for device in ("COM", "LPT") for digit in "123456789¹²³"}
)


def units(text: str) -> int:
    """Length in UTF-16 units, as Windows counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def is_device(name: str) -> bool:
    """Whether Windows takes the name for a device, whatever its extension."""
    return name.partition(".")[0].rstrip(" ").upper() in _DEVICES


def faults(name: str) -> list[Part]:
    """Every reason for which a file name would not survive on Windows or Linux; empty when it would."""
    found = []

    def fault(value: str, message: Message) -> None:
        found.append(Part("name", value[:80], "", message))

    if not name or name in (".", ".."):
        fault(name, Message("it is not a file name"))
    if bad := sorted(set(_FORBIDDEN.findall(name))):
        shown = " ".join(letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in bad)
        fault(shown, Message("Windows forbids {shown} in names", shown=shown))
    if name not in (".", "..") and name != name.rstrip(" ."):
        fault(name[-1], Message("Windows drops a dot or blank at the end"))
    if is_device(name):
        fault(name, Message("the name is that of a Windows device"))
    if units(name) > MAX_NAME:
        fault(str(units(name)), Message("longer than {max_name} characters", max_name=MAX_NAME))
    if len(name.encode("utf-8", "surrogateescape")) > MAX_BYTES:
        fault(name, Message("longer than {max_bytes} bytes in UTF-8", max_bytes=MAX_BYTES))
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        fault("", Message("bytes that are not UTF-8"))
    elif unicodedata.normalize("NFC", name) != name:
        fault(name, Message("decomposed letters (NFD)"))
    return found


def path_fits(folder: str, name: str) -> bool:
    """Whether a file can be opened in that folder by a program without long-path support."""
    separator = 0 if folder.endswith(("\\", "/")) else 1
    return units(folder) + separator + units(name) <= MAX_PATH


def lost_in(name: str, code_page: str) -> str:
    """The letters of a name that a code page cannot hold: they become question marks in old archives.

    Raises:
        LookupError: There is no such code page.
    """
    lost = []
    for letter in name:
        try:
            letter.encode(code_page)
        except UnicodeEncodeError:
            lost.append(letter)
    return "".join(dict.fromkeys(lost))


def same_file(first: str, second: str) -> bool:
    """Whether a Windows or exFAT drive would take two names for one file: letter case does not count there."""
    return _folded(first) == _folded(second)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).rstrip(" .").upper()


def safe(name: str) -> str:
    """A name for any file system: what is forbidden becomes `_`, what is too long is cut before the extension."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = _FORBIDDEN.sub("_", text).rstrip(" .") or "_"
    if is_device(text):
        text = f"_{text}"
    stem, dot, extension = text.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, tail = text, ""
    else:
        tail = dot + extension
    stem = stem.encode()[: MAX_BYTES - len(tail.encode())].decode("utf-8", "ignore")
    return (stem if tail else stem.rstrip(" .")) + tail

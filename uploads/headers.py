"""Reading the headers of tus 1.0."""

import base64
import hashlib
import re

from django.http import HttpRequest

from common.web.api import UNANNOUNCED
from uploads.errors import (
    BadHeaderError,
    LengthRequiredError,
    UnknownChecksumError,
    WrongMediaTypeError,
    WrongProtocolVersionError,
)
from uploads.receiving import Checksum, parse_checksum
from wire.messages import Message

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,termination,expiration"
ALGORITHMS = ("sha1", "sha256")
MEDIA_TYPE = "application/offset+octet-stream"
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_KEY = re.compile(r"[!-+\--~]{1,128}", re.ASCII)
MAX_METADATA = 8192


def check_version(request: HttpRequest) -> None:
    """Refuse another version of the protocol.

    Raises:
        WrongProtocolVersionError: The request names no version, or another than ours.
    """
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongProtocolVersionError(Message("The protocol version here is tus {version}.", version=VERSION))


def number(request: HttpRequest, name: str) -> int:
    """Return a header that is a whole number.

    Raises:
        BadHeaderError: It is missing or no such number.
    """
    text = request.headers.get(name, "")
    if _NUMBER.fullmatch(text) is None:
        raise BadHeaderError(Message("{name} must be a whole number from 0.", name=name))
    return int(text)


def body_length(request: HttpRequest) -> int | None:
    """Return how many bytes of an upload the request carries; 0 when it carries none, None when it does not say.

    Raises:
        WrongMediaTypeError: There is a body of another media type.
        LengthRequiredError: The body's length is not announced, and this server reads no such body.
    """
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        if UNANNOUNCED not in request.META:
            raise LengthRequiredError(Message("Say the Content-Length."))
        if media != MEDIA_TYPE and request.method == "PATCH":
            raise WrongMediaTypeError(Message("The media type must be {media_type}.", media_type=MEDIA_TYPE))
        # A proxy turns even a request without a body into one of no announced length.
        return None if media == MEDIA_TYPE else 0
    length = number(request, "Content-Length") if request.headers.get("Content-Length") else 0
    if media != MEDIA_TYPE and (length or request.method == "PATCH"):
        raise WrongMediaTypeError(Message("The media type must be {media_type}.", media_type=MEDIA_TYPE))
    return length


def metadata(header: str) -> dict[str, str]:
    """Return the pairs of an Upload-Metadata header; an empty header has none.

    Raises:
        BadHeaderError: A key is malformed or occurs twice, a value is not base64 of UTF-8 text.
    """
    pairs: dict[str, str] = {}
    if len(header) > MAX_METADATA:
        raise _bad_metadata()
    for part in header.split(",") if header.strip() else ():
        key, _, value = part.strip().partition(" ")
        if _KEY.fullmatch(key) is None or key in pairs:
            raise _bad_metadata()
        try:
            pairs[key] = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError as error:
            raise _bad_metadata() from error
        if "\x00" in pairs[key]:
            raise _bad_metadata()
    return pairs


def _bad_metadata() -> BadHeaderError:
    return BadHeaderError(
        Message("Upload-Metadata is malformed: pairs of a key and base64, with commas between."),
    )


def checksum(request: HttpRequest) -> Checksum | None:
    """Return the checksum of the body, when the client sends one.

    Raises:
        UnknownChecksumError: The algorithm is not one of ours.
        BadHeaderError: The header is malformed.
    """
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    parsed = parse_checksum(header)
    if parsed is None:
        raise BadHeaderError(Message("Upload-Checksum is malformed."))
    algorithm, digest = parsed
    if algorithm not in ALGORITHMS:
        raise UnknownChecksumError(Message("The checksum {algorithm} is not supported.", algorithm=algorithm))
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise BadHeaderError(Message("Upload-Checksum is malformed."))
    return Checksum(algorithm, digest)

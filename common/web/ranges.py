"""HTTP Range for files of the node: players jump in a recording without loading what lies before."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import quote_etag

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_BLOCK = 1 << 18


def ranged_file(request: HttpRequest, path: Path, *, content_type: str, etag: str) -> HttpResponseBase:
    """Answer a file, or the one range of it that the request names (RFC 9110, section 14).

    Args:
        request: The request; several ranges at once are answered with the whole file, as the standard allows.
        path: The file.
        content_type: Its media type.
        etag: What tells its content from another, without quotes.
    """
    size = path.stat().st_size
    tag = quote_etag(etag)
    said = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    fresh = request.headers.get("If-Range", tag) == tag
    response: HttpResponseBase
    if said is None or not any(said.groups()) or not fresh or request.method != "GET":
        response = FileResponse(path.open("rb"), content_type=content_type)
    else:
        start, end = _bounds(said[1], said[2], size)
        if start > end or start >= size:
            response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        else:
            response = StreamingHttpResponse(_blocks(path, start, end), status=206, content_type=content_type)
            response["Content-Length"] = str(end - start + 1)
            response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """The first and the last byte of a range as the header names them: ``0-99``, ``100-``, ``-50``."""
    if not first:
        length = int(last)
        return (max(size - length, 0), size - 1) if length else (size, size - 1)
    return int(first), min(int(last), size - 1) if last else size - 1


def _blocks(path: Path, start: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        left = end - start + 1
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            left -= len(block)
            yield block

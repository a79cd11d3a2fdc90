"""Bases of the REST views."""

from typing import Any

from rest_framework.parsers import BaseParser

from wire import canonical
from wire.errors import PpeError
from wire.messages import Message

MAX_JSON = 256 * 1024


class BodyTooBigError(PpeError):
    """The body is larger than any document of this address."""

    code = "body_too_big"
    http_status = 413


class SmallJson(BaseParser):
    """JSON of a bounded size and depth: the framework's own parser takes whatever comes into memory."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the document.

        Raises:
            BodyTooBigError: It is longer than `MAX_JSON`.
            MalformedDocumentError: It is no JSON, or it can be understood in two ways.
        """
        data = stream.read(MAX_JSON + 1)
        if len(data) > MAX_JSON:
            raise BodyTooBigError(Message("The body is larger than {max_json} KiB.", max_json=MAX_JSON // 1024))
        return canonical.loads(data)


class UntouchedBody(BaseParser):
    """Leaves the body alone: the view reads it as a stream with ``request.read(n)``."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return nothing; parsing would pull the whole body into memory."""
        return {}

"""Bases of the REST views."""

import re
from typing import Any

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser

from wire import canonical
from wire.errors import PpeError
from wire.messages import Message

MAX_JSON = 256 * 1024
#: The key in a request's environment of the sign that its body comes with no announced length.
UNANNOUNCED = "ppe.unannounced"
_ADDRESS = re.compile(r"/+api(?:/|\Z)", re.IGNORECASE)


def is_address(path: str) -> bool:
    """Return whether an address is a machine's: however it is spelled, its answer is no page."""
    return _ADDRESS.match(path) is not None


class WhateverIsAccepted(DefaultContentNegotiation):
    """Answers in the first of the view's forms when the client accepts none: a refusal in no form helps nobody."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the renderer and its media type."""
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            return renderers[0], renderers[0].media_type


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
        # A proxy turns a request without a body into one whose body is empty.
        return canonical.loads(data) if data else {}


class UntouchedBody(BaseParser):
    """Leaves the body alone: the view reads it as a stream with ``request.read(n)``."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return nothing; parsing would pull the whole body into memory."""
        return {}

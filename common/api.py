"""Bases of the REST views."""

from typing import Any

from rest_framework.parsers import BaseParser


class UntouchedBody(BaseParser):
    """Leaves the body alone: the view reads it as a stream with ``request.read(n)``."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        """Return nothing; parsing would pull the whole body into memory."""
        return {}

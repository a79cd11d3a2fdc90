"""Refusals at the doors of the portal: problem details for machines, sentences for people."""

import logging
import re
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import get_language
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from common.listeners import Listeners
from wire.errors import PpeError
from wire.messages import Both, Message

log = logging.getLogger(__name__)
_WORD = re.compile(r"[^\W\d_]{3,}")

#: Called with every refusal that leaves through a page or the API; `audit` records them.
listeners: Listeners[[PpeError, HttpRequest | None]] = Listeners()


def language() -> str:
    """Return the two-letter language of the person before the screen."""
    return "en" if (get_language() or "ru").startswith("en") else "ru"


def both(make: Callable[[], str]) -> Message:
    """Return a label of the source (a choice, a name of a row) in both languages, to stand in a sentence."""
    made = []
    for each in ("ru", "en"):
        with translation.override(each):
            made.append(make())
    return Both(*made)


def told(said: Any) -> str:
    """Return a sentence in the reader's language: a message, what carries one, or what a row keeps of it.

    A plain text, as older rows have it, is returned as it stands.
    """
    message = getattr(said, "message", said)
    if isinstance(message, str):
        return message
    return str(message if isinstance(message, Message) else Message.from_json(message))


def in_words(reason: str) -> bool:
    """Whether a reason says anything: digits alone, a letter or a dash explain nothing to whoever reads it later."""
    return _WORD.search(reason) is not None


def tell(refusal: PpeError, request: HttpRequest | None) -> None:
    """Let every listener know of a refusal; one that cannot hear (a full disk) does not keep the answer back."""
    for listener in listeners:
        try:
            listener(refusal, request)
        except (DatabaseError, OSError):
            log.exception("refusal %s was not noted", refusal.code)


def words(refusal: PpeError) -> str:
    """Return what is wrong and what to do next, in the language of the person before the screen."""
    return refusal.whole().render(language())


def problem(refusal: PpeError) -> dict[str, Any]:
    """Return RFC 9457 problem details with both languages."""
    return {
        "type": f"urn:ppe:problem:{refusal.code}",
        "title": refusal.text("en"),
        "status": refusal.http_status,
        "code": refusal.code,
        "detail": refusal.text("en"),
        "detail_ru": refusal.text("ru"),
        "cure": refusal.remedy_text("en"),
        "cure_ru": refusal.remedy_text("ru"),
        "permanent": refusal.permanent,
        "errors": [
            {
                "field": p.field,
                "found": p.found,
                "expected": p.expected,
                "detail": p.message.en,
                "detail_ru": p.message.ru,
            }
            for p in refusal.parts
        ],
    }


class BusyError(PpeError):
    """The database was busy for longer than a request may wait; nothing of it was done."""

    code = "busy"
    http_status = 503
    permanent = False
    retry_after = 2

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("The node is busy: the request was not done."),
            remedy=Message("Repeat in a few seconds."),
        )


_WORDS: dict[int, Message] = {
    400: Message("The request is malformed."),
    401: Message("Log in: no session, or it has ended."),
    403: Message("You may not do this."),
    404: Message("No such address or object."),
    405: Message("This method is not accepted here."),
    406: Message("No answer in that form."),
    415: Message("This media type is not accepted here."),
    429: Message("Too many requests. Try again later."),
}


#: Wrong addresses and methods leave no event each.
_SMALL_TALK = frozenset({404, 405, 406, 429})


def _of_framework(code: str, message: Message) -> PpeError:
    """Return an error of the framework as a refusal, for those who listen."""
    made: type[PpeError] = type("FrameworkRefusal", (PpeError,), {"code": code})
    return made(message)


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn refusals and the framework's own errors into RFC 9457 problem details."""
    request = context.get("request")
    plain = getattr(request, "_request", request)
    if isinstance(error, OperationalError):
        log.warning("the database did not take a request in time: %s", error)
        error = BusyError()  # nobody is told: an event of it would wait for the same database
    elif isinstance(error, PpeError):
        tell(error, plain)
    if isinstance(error, PpeError):
        wait = getattr(error, "retry_after", None)
        headers = {"Retry-After": str(wait)} if wait else {}
        return Response(
            problem(error), status=error.http_status, headers=headers, content_type="application/problem+json"
        )
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    message = _WORDS.get(response.status_code, Message("The request was not done."))
    code = getattr(error, "default_code", "error") if isinstance(error, exceptions.APIException) else "not_found"
    if response.status_code not in _SMALL_TALK:
        tell(_of_framework(str(code), message), plain)
    parts = response.data if response.status_code == status.HTTP_400_BAD_REQUEST else None
    response.data = {
        "type": f"urn:ppe:problem:{code}",
        "title": message.en,
        "status": response.status_code,
        "code": str(code),
        "detail": message.en,
        "detail_ru": message.ru,
        "permanent": response.status_code < status.HTTP_500_INTERNAL_SERVER_ERROR and response.status_code != 429,
        "errors": [{"field": str(k), "detail": str(v)} for k, v in parts.items()] if isinstance(parts, dict) else [],
    }
    response.content_type = "application/problem+json"
    return response

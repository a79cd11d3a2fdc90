"""Refusals at the doors of the portal: problem details for machines, sentences for people."""

import errno
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import translation
from django.utils.translation import get_language
from rest_framework import exceptions
from rest_framework.views import exception_handler as drf_exception_handler

from common.listeners import Listeners
from wire.errors import FieldError, PpeError
from wire.messages import NOTHING, Both, Message

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
        "cure": refusal.remedy_text("en") or _instead(refusal).render("en"),
        "cure_ru": refusal.remedy_text("ru") or _instead(refusal).render("ru"),
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


def _instead(refusal: PpeError) -> Message:
    """Return what a program is to do where a refusal advises nothing of its own."""
    if refusal.permanent:
        return Message("Sent again as it is, it is refused again: correct it first.")
    return Message("Send it again later.")


#: After how many seconds to come again where a refusal passes by itself and names no time of its own, by status.
_PASSES_IN = {408: 1, 423: 1, 429: 30, 500: 60, 502: 30, 503: 5, 504: 5, 507: 60}


def problem_response(refusal: PpeError) -> HttpResponse:
    """Return a refusal as the answer of an address of the API."""
    wait = getattr(refusal, "retry_after", None)
    if wait is None and not refusal.permanent:
        wait = _PASSES_IN.get(refusal.http_status)
    return JsonResponse(
        problem(refusal),
        status=refusal.http_status,
        content_type="application/problem+json",
        headers={"Retry-After": str(wait)} if wait else {},
    )


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


class BodyCutError(PpeError):
    """The body of a request ended before its announced length."""

    code = "body_cut"
    permanent = False

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("The body of the request ended early."),
            remedy=Message("Send the whole request again."),
        )


def is_disk_full(error: BaseException | None) -> bool:
    """Tell whether an error means that the disk, or the database's disk, has no room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        # SQLite says it in words, PostgreSQL by its code.
        if isinstance(error, DatabaseError) and "disk is full" in str(error):
            return True
        if getattr(error, "sqlstate", None) == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False


#: What the framework refuses, by status: what is wrong, and what to do next.
_WORDS: dict[int, tuple[Message, Message]] = {
    400: (
        Message("The request is malformed."),
        Message("Correct the parts that are named; their kinds stand in /api/v1/schema/."),
    ),
    401: (
        Message("Log in: no session, or it has ended."),
        Message("Sign a challenge of /api/v1/session/challenge/ and give it to /api/v1/session/."),
    ),
    403: (
        Message("You may not do this."),
        Message("See which machines this address is for; their roles stand in their certificates."),
    ),
    404: (
        Message("No such address or object."),
        Message("The addresses of this node stand in /api/v1/schema/."),
    ),
    405: (Message("This method is not accepted here."), Message("The header Allow names the methods.")),
    406: (Message("No answer in that form."), Message("Ask for application/json.")),
    415: (
        Message("This media type is not accepted here."),
        Message("Name the media type that /api/v1/schema/ gives for this address in Content-Type."),
    ),
    429: (Message("Too many requests. Try again later."), Message("Wait for as long as Retry-After says.")),
}
#: What does not fit about a field, by the framework's code.
_PARTS: dict[str, Message] = {
    "required": Message("It is missing."),
    "null": Message("It must not be null."),
    "blank": Message("It must not be empty."),
    "invalid_choice": Message("It is none of the values that are taken."),
    "min_value": Message("It is too small."),
    "max_value": Message("It is too big."),
    "max_length": Message("It is too long."),
    "max_string_length": Message("It is too long."),
    "min_length": Message("It is too short."),
    "surrogate_characters_not_allowed": Message("It holds half a letter."),
    "null_characters_not_allowed": Message("It holds a zero byte."),
}
_MALFORMED = Message("It is not of the kind that is expected.")
#: Wrong addresses and methods leave no event each.
_SMALL_TALK = frozenset({404, 405, 406, 429})


def _of_framework(error: Exception, status: int) -> PpeError:
    """Return an error of the framework as a refusal."""
    code = str(getattr(error, "default_code", "error")) if isinstance(error, exceptions.APIException) else "not_found"
    message, remedy = _WORDS.get(status, (Message("The request was not done."), NOTHING))
    about: dict[str, Any] = {"code": code, "http_status": status, "permanent": status < 500 and status != 429}
    detail = getattr(error, "detail", None)
    parts = [] if not isinstance(detail, dict | list) else list(_parts(detail))
    made: type[PpeError] = type("FrameworkRefusal", (PpeError,), about)
    return made(message, remedy=remedy, parts=parts)


def _parts(detail: Any, field: str = "") -> Iterator[FieldError]:
    """Yield what the framework found wrong, each part with its path."""
    if isinstance(detail, dict):
        for name, each in detail.items():
            yield from _parts(each, field if name == "non_field_errors" else f"{field}.{name}".strip("."))
    elif isinstance(detail, list):
        for each in detail:
            yield from _parts(each, field)
    else:
        code = str(getattr(detail, "code", ""))
        yield FieldError(field or "body", "", "", _PARTS.get(code, _MALFORMED))


def api_exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn refusals and the framework's own errors into RFC 9457 problem details.

    They are JSON whatever form the view answers in, and whatever the client accepts.
    """
    request = context.get("request")
    plain = getattr(request, "_request", request)
    if not isinstance(error, PpeError) and is_disk_full(error):
        return None  # the error page of the node has the words for it
    if isinstance(error, OperationalError):
        log.warning("the database did not take a request in time: %s", error)
        error = BusyError()  # nobody is told: an event of it would wait for the same database
    elif isinstance(error, UnreadablePostError | ConnectionError):
        error = BodyCutError()
    elif isinstance(error, PpeError):
        tell(error, plain)
    if isinstance(error, PpeError):
        return problem_response(error)
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    refusal = _of_framework(error, response.status_code)
    if response.status_code not in _SMALL_TALK:
        tell(refusal, plain)
    answer = problem_response(refusal)
    for name in ("Allow", "WWW-Authenticate", "Retry-After"):
        if name in response:
            answer[name] = response[name]
    return answer

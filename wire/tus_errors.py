"""Why a transfer did not go on: permanently refused, to be tried later, or a session that has ended."""

import email.utils
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx

from wire.errors import PpeError
from wire.messages import NOTHING, Both, Message

MAX_RETRY_AFTER = 3600.0
_AGAIN = {408, 409, 423, 425, 429, 460}


class ExchangeError(PpeError):
    """A transfer did not go on.

    Attributes:
        retry_after: Seconds that the server asks to wait; None when it does not say.
        offset: How many bytes the server has, as far as is known.
        location: The upload's address; None when there is none to go on from.
        status: The HTTP status; None when the line broke.
        problem: The server's problem document; empty when there is none.
    """

    code = "transfer_refused"
    http_status = 502

    def __init__(
        self,
        message: Message,
        *,
        remedy: Message = NOTHING,
        retry_after: float | None = None,
        offset: int = 0,
        location: str | None = None,
        status: int | None = None,
        problem: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after
        self.offset = offset
        self.location = location
        self.status = status
        self.problem = problem or {}


class TransferRefusedError(ExchangeError):
    """The server will not take this file; sending again does not help."""


class RetryLaterError(ExchangeError):
    """The line or the server is in trouble; it will be tried again."""

    code = "transfer_later"
    permanent: ClassVar[bool] = False


class SessionEndedError(ExchangeError):
    """The session has ended."""

    code = "transfer_not_logged_in"
    permanent: ClassVar[bool] = False


def refusal_of(
    response: httpx.Response, *, offset: int = 0, location: str | None = None, retry: bool = False
) -> ExchangeError:
    """Return the refusal that an answer means.

    Args:
        response: The answer.
        offset: How many bytes the server has.
        location: The upload's address.
        retry: Whether the answer is one that can be tried again whatever its status says.
    """
    status = response.status_code
    problem = _problem(response)
    permanent = problem.get("permanent")
    # A server in trouble knows nothing for certain, whatever it says.
    again = retry or status >= 500 or (permanent is False if isinstance(permanent, bool) else status in _AGAIN)
    kind: type[ExchangeError] = RetryLaterError if again else TransferRefusedError
    if status == 401:
        kind = SessionEndedError
    ru, en = problem.get("detail_ru"), problem.get("detail")
    said = Both(ru if isinstance(ru, str) else "", en if isinstance(en, str) else "")
    return kind(
        said if said else Message("The server of the centre refused ({status}).", status=status),
        remedy=Message("The transfer is tried again by itself.") if again else NOTHING,
        retry_after=retry_after(response),
        offset=offset,
        location=location,
        status=status,
        problem=problem,
    )


def broken_line(error: Exception | None = None, *, offset: int = 0, location: str | None = None) -> RetryLaterError:
    """Return the refusal of a line that does not carry."""
    detail = f" ({type(error).__name__})" if error is not None else ""
    return RetryLaterError(
        Message("No connection to the server{detail}.", detail=detail),
        remedy=Message("The transfer goes on by itself once the line is back."),
        offset=offset,
        location=location,
    )


def foreign_location(*, offset: int = 0) -> TransferRefusedError:
    """Return the refusal of an address that is not on the server we speak with."""
    return TransferRefusedError(
        Message("The server named an address that is not its own."),
        offset=offset,
    )


def _problem(response: httpx.Response) -> dict[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        document = response.json()
    except (ValueError, httpx.StreamError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def retry_after(response: httpx.Response) -> float | None:
    """Read Retry-After in both of its forms."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    seconds: float = (aware - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)

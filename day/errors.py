"""Why an act that rests on the evaluation of the day is refused."""

from collections.abc import Mapping
from types import MappingProxyType

from common.obligations import Obligation
from common.web.obligations import link_of
from wire.errors import FieldError, PpeError
from wire.messages import Message, Several

NO_TITLES: Mapping[str, str] = MappingProxyType({})


class DayError(PpeError):
    """The day does not allow it yet."""

    code = "day"
    http_status = 409
    permanent = False


class GateClosedError(DayError):
    """The conditions of a status do not hold; each blocker is a part."""

    code = "gate_closed"


class UnknownStatusError(DayError):
    """There is no such status."""

    code = "unknown_status"
    http_status = 400
    permanent = True


class StatusElsewhereError(DayError):
    """The status belongs to the chain, and no page of this portal declares it."""

    code = "status_elsewhere"
    permanent = True


class ScanNotFinishedError(DayError):
    """The scan journal is asked for while a room of this node is not closed and packed."""

    code = "rooms_open"


class OriginalsNeededError(DayError):
    """The originals may not be wiped yet; each reason is a part."""

    code = "originals_needed"


def parts_of(rows: tuple[Obligation, ...]) -> list[FieldError]:
    """Return obligations as the parts of a refusal."""
    return [
        FieldError(
            each.code, each.place, link_of(each), Several([each.text, *([each.cure] if each.cure else [])], ". ")
        )
        for each in rows
    ]


def listed(rows: tuple[Obligation, ...], separator: str = "\n", *, titles: Mapping[str, str] = NO_TITLES) -> Message:
    """Return obligations as one sentence, each on its line; of several exams each names its own.

    Args:
        rows: The obligations.
        separator: What stands between two.
        titles: The names of the exams by their keys; empty when all are of one.
    """
    return Several(
        [
            Message("• {exam}: {text}", exam=titles[each.sitting], text=each.text)
            if each.sitting in titles
            else Message("• {text}", text=each.text)
            for each in rows
        ],
        separator,
    )

"""What the point itself says is open there again: until its newest word says otherwise, the exam is not over."""

from collections.abc import Iterator

from common.obligations import Obligation, ObligationState
from rcoi.day.rows import ExamFacts
from wire.messages import Message

_CURE = Message(
    "The exam point cures it, and says by itself when it is settled. When that takes long, call the head of the point."
)


def open_at_point(facts: ExamFacts) -> Iterator[Obligation]:
    """Yield what the newest word of each node of the point leaves open; or that it says that nothing is."""
    for word in facts.words:
        for each in word.open:
            yield Obligation(
                code="open_at_point",
                sitting=facts.key,
                place=each.place,
                state=ObligationState.OPEN,
                text=Message("Open again at the point: {text}", text=each.text),
                cure=_CURE,
                rule="rcoi.inbox",
                page="centre-status",
                anchor=facts.key,
                since=each.since or word.at,
            )
        if not word.open:
            yield Obligation(
                code="open_at_point",
                sitting=facts.key,
                place="",
                state=ObligationState.SETTLED,
                text=Message("Nothing is open again at the point."),
                page="centre-status",
                anchor=facts.key,
                since=word.at,
                evidence=Message("word of the point no. {number}", number=word.number),
            )

"""The scan journal of a station, held against the entries under which its packets were signed."""

from collections.abc import Iterator, Mapping

from common.obligations import Obligation
from rcoi.day.making import LAST_STATUS, trouble
from rcoi.day.rows import ExamFacts, PacketFacts
from wire.messages import Message

_FORM = Message("Ask the point to form END_SCAN again: the next version of the status brings it, or an act.")
_REWRITTEN = Message(
    "Call the head of the exam point: find out why the journal was written anew. The journal that holds the entries, or"
    " the next version of the packet, settles it."
)


def scan_heads_held(facts: ExamFacts) -> Iterator[Obligation]:
    """The scan journal of a station holds the entries under which its packets were signed."""
    absent: dict[str, PacketFacts] = {}
    for each in sorted(facts.packets, key=lambda each: each.order):
        head = each.scan_head
        if head is None or not each.standing:
            continue
        journal = facts.scan_journals.get(head.station)
        if journal is None:
            absent.setdefault(head.station, each)
        elif journal.known and not journal.lines.get(head.number):
            text = Message(
                "The journal of scanning station {station} does not hold the entry under which the packet was signed:"
                " it ends before entry {number}.",
                station=head.station,
                number=head.number,
            )
            yield trouble(facts, each, "scan_head_missing", text, _FORM)
        elif journal.known and journal.lines[head.number] != head.sha256:
            text = Message(
                "THE JOURNAL OF SCANNING STATION {station} WAS WRITTEN ANEW: its entry {number} is another one than"
                " when the packet was signed.",
                station=head.station,
                number=head.number,
            )
            yield trouble(facts, each, "scan_journal_rewritten", text, _REWRITTEN)
    yield from _journals_absent(facts, absent)


def _journals_absent(facts: ExamFacts, absent: Mapping[str, PacketFacts]) -> Iterator[Obligation]:
    """Stations that signed packets, and of which the last status brought no journal; said once for a station."""
    last = [each for each in facts.packets if each.standing and each.status == LAST_STATUS]
    # Of the stations of the registry it is remarked when the status comes; of a version that was replaced for ever.
    standing = {each.pk for each in facts.packets if each.standing}
    remarked = any(
        each.code == "station_missing" and not each.settled and each.packet in standing for each in facts.findings
    )
    acts = {act.station for each in last for act in each.acts if act.kind == "journal_missing" and act.sound}
    for station, packet in absent.items():
        if last and not remarked and station not in acts:
            text = Message(
                "No journal of scanning station {station} came, nor an act; it signed packets.", station=station
            )
            yield trouble(facts, packet, "scan_head_missing", text, _FORM)

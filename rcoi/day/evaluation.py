"""How exams stand at the centre: the one place that concludes, asked by board, home, pages, papers and answers.

Nothing of it is stored. Findings on packets are its memory for people: which trouble was named, and what was found out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from audit.log import hold
from common.obligations import Obligation
from common.work.clock import now
from rcoi.day import facts, rules
from rcoi.day.facts import CentreExam
from rcoi.day.making import BY_ACT, BY_DECISION
from rcoi.models import InboxFinding, InboxPacket
from rcoi.models.inbox import fingerprint_of
from rcoi.states import FindingState
from stations.models import Sitting


@dataclass(frozen=True)
class Matter:
    """Something about a packet that a person has to settle, or that an act covers."""

    obligation: Obligation
    packet: InboxPacket

    @property
    def code(self) -> str:
        """What kind it is of."""
        return self.obligation.code

    @property
    def text(self) -> str:
        """What it is, in the reader's language."""
        return str(self.obligation.text)

    @property
    def cure(self) -> str:
        """What can be done about it."""
        return str(self.obligation.cure)

    @property
    def room(self) -> str:
        """The room that it is about."""
        return self.packet.room


@dataclass(frozen=True)
class Standing:
    """How an exam stands: what is owed in it, and what of that is open about its packets or covered."""

    exam: CentreExam | None = None
    obligations: Sequence[Obligation] = ()
    open: list[Matter] = field(default_factory=list)
    covered: list[Matter] = field(default_factory=list)

    def of(self, packet: InboxPacket | None) -> list[Matter]:
        """Return what is open about a packet."""
        return self._by_packet.get(packet.pk, []) if packet is not None else []

    def at(self, code: str, place: str = "") -> Obligation:
        """Return the obligation of a kind at a place, of those that each place has once."""
        return self._by_place[code, place]

    @cached_property
    def _by_packet(self) -> dict[int, list[Matter]]:
        found: dict[int, list[Matter]] = {}
        for each in self.open:
            found.setdefault(each.packet.pk, []).append(each)
        return found

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Obligation]:
        return {(each.code, each.place): each for each in self.obligations}

    @property
    def preparing(self) -> frozenset[str]:
        """The preparation rooms."""
        return self.exam.facts.preparing if self.exam is not None else frozenset()

    @property
    def at_point(self) -> list[Obligation]:
        """What the point itself says is open there again."""
        return [each for each in self.obligations if each.code == "open_at_point" and not each.settled]

    @property
    def settled(self) -> bool:
        """Whether nothing is owed any more."""
        return all(each.settled for each in self.obligations)

    @property
    def clean(self) -> bool:
        """Whether nothing is owed, and nothing had to be covered: only this is green."""
        return self.settled and not self.covered


def evaluate(sittings: Iterable[Sitting]) -> list[Standing]:
    """Conclude how exams stand, in a fixed number of queries whatever their number."""
    return [_standing(exam) for exam in facts.read(sittings)]


def of_sitting(sitting: Sitting) -> Standing:
    """Return how one exam stands."""
    return evaluate([sitting])[0]


def of_packet(packet: InboxPacket) -> Standing:
    """Return how one packet of an exam stands: what is open about it, and what is covered or looked into."""
    if packet.sitting is None:
        return Standing()
    whole = of_sitting(packet.sitting)
    return Standing(open=whole.of(packet), covered=[each for each in whole.covered if each.packet.pk == packet.pk])


def _standing(exam: CentreExam) -> Standing:
    found = rules.obligations(exam.facts)
    packets = {each.sha256: each for each in exam.packets}
    standing = Standing(exam, found)
    for each in found:
        packet = packets.get(each.anchor)
        if packet is None:
            continue
        if not each.settled:
            standing.open.append(Matter(each, packet))
        elif each.evidence and (
            each.code in rules.COVERED_BY_ACT
            or (each.code in rules.DIFFERENCES and each.evidence in (BY_ACT, BY_DECISION))
        ):
            standing.covered.append(Matter(each, packet))
    return standing


def remember(sittings: Iterable[Sitting]) -> None:
    """Let the open findings that the rules say of packets be exactly what holds now. Call inside a transaction.

    A finding gives a trouble its place on the packet's page, where a person says what was found out.
    """
    rows = list(sittings)
    # One at a time for an exam: of two packets confirmed at once, the second sees the first.
    hold(*rows)
    locked = Sitting.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=[each.pk for each in rows])
    list(locked.order_by("pk"))
    gone, made = [], []
    for standing in evaluate(rows):
        assert standing.exam is not None  # noqa: S101 (evaluate gives each its exam)
        wanted = {_key(each): each for each in _said_of_packets(standing)}
        for row in standing.exam.findings:
            known = wanted.pop((row.packet_id, row.code, row.fingerprint), None)
            if known is None and row.code in rules.SAID_OF_PACKETS and row.state == FindingState.OPEN:
                gone.append(row.pk)
        made += [
            InboxFinding(
                packet=each.packet,
                code=each.code,
                text=each.obligation.text,
                fingerprint=fingerprint_of(each.obligation.text),
                room=each.room,
                found_at=now(),
            )
            for each in wanted.values()
        ]
    InboxFinding.objects.filter(pk__in=gone).delete()
    InboxFinding.objects.bulk_create(made, ignore_conflicts=True)


def _said_of_packets(standing: Standing) -> list[Matter]:
    covered = [each for each in standing.covered if each.code in rules.COVERED_BY_ACT]
    return [each for each in (*standing.open, *covered) if each.code in rules.SAID_OF_PACKETS]


def _key(matter: Matter) -> tuple[int, str, str]:
    return matter.packet.pk, matter.code, fingerprint_of(matter.obligation.text)

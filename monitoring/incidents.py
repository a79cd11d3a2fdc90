"""What needs attention, found in facts; the worst first."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from common import errors as refusals
from common import space
from journals.models import Journal
from journals.states import JournalState
from monitoring import words
from monitoring.facts import SittingFacts
from monitoring.heartbeats import heartbeat_of, trouble_words
from monitoring.steps import link
from scanning.models import Recording, Source

MAX_SKEW = 60
ICONS = {"bad": "error", "warn": "warning", "info": "info"}
_ORDER = {"bad": 0, "warn": 1, "info": 2}


@dataclass(frozen=True)
class Incident:
    """One line of “Needs attention”."""

    level: str
    text: str
    url: str = ""
    detail: str = ""

    @property
    def icon(self) -> str:
        """The level as an icon."""
        return ICONS[self.level]


def incidents_of(facts: SittingFacts) -> list[Incident]:
    """Return what is wrong at a sitting, the worst first."""
    found = [
        *_opened_again(facts),
        *_journals(facts),
        *_cards(facts),
        *_packets(facts),
        *_parked(facts),
        *_key(facts),
        *_heartbeats(facts),
        *_disk(),
    ]
    return sorted(found, key=lambda one: _ORDER[one.level])


def _opened_again(facts: SittingFacts) -> list[Incident]:
    """What was opened after the centre had accepted the last status: nobody may go home."""
    if not facts.ending.opened_again:
        return []
    lead = _("Opened after “Blanks transferred”: %s")
    return [Incident("bad", lead % each.text, each.link, each.cure) for each in facts.ending.open]


def _journals(facts: SittingFacts) -> list[Incident]:
    found = []
    url = link("monitoring", facts, "#quarantine")
    for journal in facts.journals:
        if journal.state == JournalState.QUARANTINED:
            whose = ", ".join(str(part) for part in (journal.station or journal.original_name, journal.room) if part)
            text = _("A journal waits for a decision: %s") % whose
            found.append(Incident("bad", text, url, "; ".join(warnings_of(journal)[:2])))
        if journal.state == JournalState.ACCEPTED and journal.forms_problem:
            text = _("%(name)s: the form numbers are not open. %(why)s") % {
                "name": journal,
                "why": str(journal.forms_problem),
            }
            found.append(Incident("bad", text, link("keys", facts)))
        skew = journal.skew_seconds or 0
        if journal.state == JournalState.ACCEPTED and abs(skew) > MAX_SKEW:
            found.append(Incident("warn", skew_words(journal), link("monitoring", facts, "#journals-section")))
    return found


def warnings_of(journal: Journal) -> list[str]:
    """Return the doubts about a journal in words."""
    return [refusals.told(each) for each in journal.doubts]


def skew_words(journal: Journal) -> str:
    """Say how far a station's clock is off."""
    minutes = round(abs(journal.skew_seconds or 0) / 60)
    said = _("fast") if (journal.skew_seconds or 0) > 0 else _("slow")
    name = str(journal.station) if journal.station else str(journal)
    return _("%(station)s: its clock is %(said)s by %(n)d min; entries are ordered by their numbers.") % {
        "station": name,
        "said": said,
        "n": minutes,
    }


def _heartbeats(facts: SittingFacts) -> list[Incident]:
    """Stations that stopped, fell silent, or will soon need paper, toner, power or space."""
    found = {}
    for row in (*facts.room_posts, *facts.scan_posts):
        heartbeat = heartbeat_of(row.post.station)
        # A replaced station has said its last word, and one whose journal is here may be switched off.
        if heartbeat is None or row.post.replaced_by_id or row.served:
            continue
        if said := trouble_words(heartbeat):
            level = "bad" if heartbeat.state == heartbeat.State.FAULT else "warn"
            text = f"{row.post.station}: {', '.join(said)}"
            found[heartbeat.pk] = Incident(level, text, link("monitoring", facts, "#stations"))
    return list(found.values())


def _cards(facts: SittingFacts) -> list[Incident]:
    base = link("scanning", facts)
    again = [(card.room.number, _("open again. %s") % card.reopen_reason) for card in facts.cards if card.open_again]
    differ = [(row.card.room.number, str(row.text)) for row in facts.discrepancies]
    return [
        Incident("bad", f"{words.room_words(room)}: {said}", f"{base}{room}/" if base else "")
        for room, said in (*again, *differ)
    ]


def _packets(facts: SittingFacts) -> list[Incident]:
    url = link("transfers", facts)
    said = {"stuck": _("the packet needs help"), "rejected": _("the regional centre rejected the packet")}
    return [
        Incident("bad", f"{facts.place_of(packet)}: {said[packet.state]}", url)
        for packet in facts.packets
        if packet.state in said
    ]


def _parked(facts: SittingFacts) -> list[Incident]:
    base = link("scanning", facts)
    found = []
    for model in (Source, Recording):
        for row in model.objects.filter(card__sitting=facts.sitting, parked_at__isnull=False).select_related(
            "card__room"
        ):
            room = row.card.room.number
            text = f"{words.room_words(room)}, {row}: {_(row.parked_reason)}"
            found.append(Incident("bad", text, f"{base}{room}/" if base else ""))
    return found


def _key(facts: SittingFacts) -> list[Incident]:
    key = facts.active_key
    if key is None or all(card.state == "packed" for card in facts.cards):
        return []
    left = key.until - facts.at
    if left.total_seconds() > 3600:
        return []
    text = _("The access key is valid for another %s.") % words.span(left)
    return [Incident("warn", text, link("keys", facts))]


def _disk() -> list[Incident]:
    if not space.level():
        return []
    free = space.free()
    return [Incident("bad", _("%.1f GB are left on the node's disk: free some space.") % (free / 1024**3))]

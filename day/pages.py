"""What rests on the evaluation of the day: forms and parts of pages of the rooms below, and the closing act."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.obligations import Obligation, ObligationState, standing
from common.web.obligations import show
from common.web.pages import forms_on, known, page
from day import acts, evaluate
from day.closing import closing_act
from day.errors import OriginalsNeededError
from day.judged import SittingDay, conditions_open, stands
from day.keeping import keeping_of
from day.rows import Pack
from day.rules import SETTLED_THERE
from day.table import END_SCAN, ENDS, PLACES, TRANSFERRED
from day.view import Ending
from scanning.scan_journal import station_number
from stations import rules
from stations.lookup import open_sitting, sitting_for
from stations.models import Sitting
from wire.messages import Message

_desk, _packets, _state = known("scanning"), known("transfers"), known("transfers-state")


@_desk.adds
def end_scan_gate(sitting: Sitting) -> dict[str, Any]:
    """Say on the scanning desk what keeps the scan journal from being formed."""
    own = evaluate.today(sitting.point, sitting.date).sitting(sitting.key)
    rows = own.of("scan_journal", "scan_journal_behind")
    here = [row for row in rows if row.place == station_number() and row.state != ObligationState.UNKNOWN_HERE]
    return {
        "unfinished": show(standing(own.gate(END_SCAN)), sitting.point.timezone),
        # A journal that holds the last entry and counts is not formed again: that would only make it longer.
        "end_scan_due": not here or bool(standing(here)),
    }


@_desk.post("end-scan")
def end_scan(request: HttpRequest, key: str) -> str:
    """Form the scan journal of this station."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "scanning.end", sitting)
    path = acts.form_end_scan(sitting=sitting, actor=actor_of(request))
    return _("The scan journal is formed and accepted: %(name)s.") % {"name": path.name}


@_packets.adds
def ending(sitting: Sitting) -> dict[str, Any]:
    """Say on the page of packets how far the exam and the day are from their end."""
    made = Ending.of(sitting)
    owed = [*made.own.of(*PLACES), *(made.own.status(name) for name in ENDS if stands(made.own.exam, name))]
    figures = {
        "total": len(owed),
        "confirmed": sum(row.settled for row in owed),
        "there": sum(row.settled or made.own.reached(row) for row in owed),
    }
    again = [(made.own.packet(row.place), row) for row in made.own.of("room_open_again", "room_balance")]
    # Its last version may be confirmed: that was never the last word on a room that is open again.
    open_again = {pack.uid: _why_open(made.own, row, pack) for pack, row in again if pack is not None}
    return {
        "ending": made,
        "keeping": keeping_of(sitting),
        "figures": figures,
        "open_again": open_again,
        "settled_there": str(SETTLED_THERE),
    }


def _why_open(own: SittingDay, row: Obligation, pack: Pack) -> str:
    """Why the last version of a packet is not the last word, without what the row says of itself."""
    card = own.exam.card(row.place)
    return str((card.again if card else None) or pack.asked_again or row.text)


@_state.adds
def gate_of_state(sitting: Sitting) -> dict[str, Any]:
    """Return the gate of the last status for machines."""
    day = evaluate.today(sitting.point, sitting.date)
    rows = (*conditions_open(day.sitting(sitting.key), TRANSFERRED), *day.held_by_others(sitting.key, TRANSFERRED))
    shown = show(rows, sitting.point.timezone)
    return {
        "gate": {
            "status": TRANSFERRED,
            "open": day.declarable(sitting.key, TRANSFERRED),
            "blockers": [{**each.obligation.as_json(), "link": each.link} for each in shown],
        }
    }


@_packets.post("wipe")
def wipe(request: HttpRequest, key: str) -> str:
    """Wipe the originals of the sitting from this node."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.wipe", sitting)
    if request.POST.get("sure") != "yes":
        raise OriginalsNeededError(Message("Confirm the wiping: tick that the originals are no longer needed."))
    acts.wipe(sitting=sitting, actor=actor_of(request))
    return _("The originals are being wiped. Packets, receipts and journals stay.")


@page("transfers/<sitting:key>/closing-act/", name="closing-act", node="hq")
def closing(request: HttpRequest, key: str) -> HttpResponse:
    """Print the closing act from the receipts that this point holds."""
    act = closing_act(sitting=open_sitting(request, key), actor=actor_of(request))
    answer = HttpResponse(act.data, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{act.name}"'
    return answer


_monitoring = forms_on("monitoring")


def _declare(request: HttpRequest, key: str, status: str) -> str:
    sitting = sitting_for(request, key, "transfers.status")
    made = acts.declare_day(sitting=sitting, status=status, actor=actor_of(request))
    said = _("The status is on its way to the regional centre, with the journals. The receipt will show here.")
    if len(made) > 1:
        said += " " + _("It was declared for every exam of the day: %d.") % len(made)
    return said


@_monitoring.post("status-exams_finished")
def exams_finished(request: HttpRequest, key: str) -> str:
    """Declare that the exams are finished; the gate decides."""
    return _declare(request, key, "exams_finished")


@_monitoring.post("status-blanks_transferred")
def blanks_transferred(request: HttpRequest, key: str) -> str:
    """Declare that the answer forms are transferred; the gate decides."""
    return _declare(request, key, "blanks_transferred")

"""What the pages of the desk show: plain values gathered in few queries, the same for the page and its JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.errors import language
from scanning.expected_forms import ExpectedForms
from scanning.findings import Meaning, Words, meaning
from scanning.models import Discrepancy, Finding, Recording, RoomCard, Sheet, short_title
from scanning.reconcile import Balance, evaluate
from scanning.sheets import Legal, legal_actions
from scanning.states import ACTIVE, CardState, RecordingState, SheetState
from wire.room import PROBLEM, equation

#: As many missing numbers are offered as buttons, or named in a sentence; the others wait folded.
SHOWN = 6
CHIPS = {
    CardState.WAITING: "idle",
    CardState.OPEN: "info",
    CardState.SCANNING: "info",
    CardState.RECONCILED: "ok",
    CardState.DISCREPANT: "bad",
    CardState.CLOSED: "ok",
    CardState.CLOSED_WITH_ACT: "bad",
    CardState.PACKED: "ok",
}
DISCREPANCY_MEANINGS: dict[str, Words] = {
    "foreign": _("The sheet is not of this room. Put the paper into its room's envelope and move the picture there."),
    "twice": _("The sheet is in the room twice. Compare the pictures and keep the better one."),
    "unknown": _("No print journal has this number. See whether the sheet belongs here at all, and leave it out."),
    "unlisted": _("The station marked the sheet as unused. Look at the paper."),
    "contested": _("See in which room the participant spoke; the other room closes with an act."),
    "unreadable": _("Type the number printed under the barcode, or scan the sheet again."),
}


@dataclass
class RoomRow:
    """A room in the list of the desk."""

    card: RoomCard
    chip: str
    sheets: int
    unread: int
    problems: int
    differences: int

    @property
    def note(self) -> str:
        """The equation of the last comparison."""
        return equation(self.card.balance).render(language())


@dataclass(frozen=True)
class LackingSheet:
    """A sheet that the print journals name and the room has not got."""

    number: str
    kind: str

    @property
    def title(self) -> str:
        """The form's name, short."""
        return short_title(self.kind)


@dataclass
class ProblemRow:
    """A sheet that needs a person, with everything said about it.

    Attributes:
        sheet: The sheet.
        causes: What is wrong with it, each with what to do.
        actions: What may be done with it now.
        places: Places of the findings on the picture, in per cent.
        twin: Another sheet of the room with the same number.
        lacking: Sheets that the room has not got and that this one may be; those of its own form first.
        loss: What the room would lack without this sheet; empty when nothing.
    """

    sheet: Sheet
    causes: list[tuple[str, Meaning | Words]]
    actions: list[Legal]
    places: list[dict[str, str]]
    twin: Sheet | None = None
    lacking: list[LackingSheet] = field(default_factory=list)
    loss: str = ""


@dataclass
class ShownRecording:
    """A recording with what was found in it."""

    recording: Recording
    findings: list[tuple[Finding, Meaning]]
    chip: str
    undecided: bool


def room_rows(cards: list[RoomCard]) -> list[RoomRow]:
    """Return the rooms of a sitting with their figures, in two queries."""
    keys = [card.pk for card in cards]
    figures = {
        row["card"]: row
        for row in Sheet.objects.filter(card__in=keys)
        .values("card")
        .annotate(
            standing=Count("pk", filter=Q(state__in=ACTIVE)),
            unread=Count("pk", filter=Q(state=SheetState.RECEIVED)),
            problems=Count("pk", filter=Q(state=SheetState.PROBLEM)),
        )
    }
    differences = dict(
        Discrepancy.objects.filter(card__in=keys, resolved_at__isnull=True, severity=PROBLEM)
        .values_list("card")
        .annotate(Count("pk"))
    )
    empty = {"standing": 0, "unread": 0, "problems": 0}
    rows = []
    for card in cards:
        own = figures.get(card.pk, empty)
        rows.append(
            RoomRow(
                card,
                CHIPS[CardState(card.state)],
                own["standing"],
                own["unread"],
                own["problems"],
                differences.get(card.pk, 0),
            )
        )
    return rows


def sheets_of(card: RoomCard) -> list[Sheet]:
    """Return all sheets of a card with their findings and open differences."""
    rows = card.sheets.select_related("source").prefetch_related(
        "findings",
        Prefetch("discrepancies", Discrepancy.objects.filter(resolved_at__isnull=True), to_attr="open_differences"),
    )
    sheets = list(rows.order_by("source_id", "page"))
    for sheet in sheets:
        sheet.card = card
    return sheets


def lacking_sheets(card: RoomCard) -> list[LackingSheet]:
    """Return the sheets that the last comparison found missing, by number; recordings and forms of the HQ are none."""
    rows = card.discrepancies.filter(kind=Discrepancy.Kind.MISSING, resolved_at__isnull=True).exclude(number="")
    known = rows.exclude(form__startswith="audio").order_by("number").values_list("number", "form")
    return [LackingSheet(number, kind) for number, kind in known]


def problem_rows(sheets: list[Sheet], lacking: Sequence[LackingSheet] = ()) -> list[ProblemRow]:
    """Return the sheets that need a person, worst first.

    Args:
        sheets: All sheets of the room.
        lacking: What the room has not got: a doubtful sheet may be one of them.
    """
    rows = []
    by_number: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        if sheet.active and sheet.number:
            by_number.setdefault(sheet.number, []).append(sheet)
    for sheet in sheets:
        differences: list[Discrepancy] = sheet.open_differences  # type: ignore[attr-defined]
        serious = [each for each in differences if each.severity == PROBLEM]
        if not sheet.active or not (serious or sheet.state == SheetState.PROBLEM):
            continue
        kinds = frozenset(each.kind for each in differences)
        doubts = [each for each in sheet.findings.all() if each.severity != Finding.Severity.INFO]
        causes: list[tuple[str, Meaning | Words]] = [
            (str(each.text), _meaning_of(each.kind, lacking)) for each in serious if each.kind != "unreadable"
        ]
        causes += [(_said(each), meaning(each.kind)) for each in doubts]
        twins = [each for each in by_number.get(sheet.number, []) if each.pk != sheet.pk]
        row = ProblemRow(sheet, causes, legal_actions(sheet, kinds), _places(sheet, doubts), _first(twins))
        if not sheet.number or "unknown" in kinds:
            row.lacking = sorted(lacking, key=lambda each: (each.kind != sheet.kind, each.number))
        row.loss = _loss(sheet, kinds, twins, row.lacking)
        rows.append(row)
    return sorted(rows, key=lambda row: (bool(row.sheet.number), row.sheet.pk))


def _meaning_of(kind: str, lacking: Sequence[LackingSheet]) -> Words:
    """Say what to do about a difference; what may be a missing sheet is never advised to be left out."""
    if kind == "unknown" and lacking:
        return _(
            "No print journal has this number, and the room lacks sheets: the number may have been read wrongly. "
            "Compare it with the one printed on the paper and give the right one."
        )
    return DISCREPANCY_MEANINGS.get(kind, "")


def _loss(sheet: Sheet, kinds: frozenset[str], twins: list[Sheet], lacking: Sequence[LackingSheet]) -> str:
    """Say what the room would lack if the sheet were left out."""
    if lacking:
        numbers = ", ".join(each.number for each in lacking[:SHOWN]) + (" …" if len(lacking) > SHOWN else "")
        return ngettext(
            "The room lacks %(count)s sheet, and this may be it: %(numbers)s.",
            "The room lacks %(count)s sheets, and this may be one of them: %(numbers)s.",
            len(lacking),
        ) % {"count": len(lacking), "numbers": numbers}
    if sheet.number and not twins and not kinds & {"foreign", "unknown", "unlisted"}:
        told = {"title": sheet.title, "number": sheet.number}
        return str(_("The room will then lack this sheet: %(title)s %(number)s.") % told)
    return ""


def calm_row(sheet: Sheet) -> ProblemRow:
    """Return a sheet that waits for nobody, the way the big picture shows it."""
    doubts = [each for each in sheet.findings.all() if each.severity != Finding.Severity.INFO]
    causes: list[tuple[str, Meaning | Words]] = [(_said(each), meaning(each.kind)) for each in doubts]
    kinds = frozenset(each.kind for each in sheet.open_differences)  # type: ignore[attr-defined]
    row = ProblemRow(sheet, causes, legal_actions(sheet), _places(sheet, doubts))
    row.loss = _loss(sheet, kinds, [], ()) if sheet.active else ""
    return row


def thumbs(sheets: list[Sheet], problems: list[ProblemRow]) -> list[tuple[Sheet, str]]:
    """Return the sheets in the order of the small pictures, each with its cause: doubtful, unread, good, left out."""
    causes = {row.sheet.pk: row.causes[0][0] if row.causes else str(_("Look at the sheet.")) for row in problems}

    def order(sheet: Sheet) -> tuple[bool, bool, bool]:
        return sheet.pk not in causes, sheet.state != SheetState.RECEIVED, not sheet.active

    return [(sheet, causes.get(sheet.pk, "")) for sheet in sorted(sheets, key=order)]


def figures(balance: Balance) -> dict[str, Any]:
    """Return the figures of a balance as plain values, for its line in words."""
    return asdict(balance)


def _first(sheets: list[Sheet]) -> Sheet | None:
    return sheets[0] if sheets else None


def _said(finding: Finding) -> str:
    words = str(meaning(finding.kind).cause)
    value = str(finding.value) if finding.kind not in ("unreadable", "side_unknown", "corner_missing") else ""
    return f"{words}: {value}" if value else words


def _places(sheet: Sheet, findings: list[Finding]) -> list[dict[str, str]]:
    """The places of findings in per cent of the picture, for the frames drawn over it."""
    width, height = sheet.reading.get("width"), sheet.reading.get("height")
    if not width or not height:
        return []
    places = []
    for each in findings:
        if each.place:
            x0, y0, x1, y1 = each.place
            places.append(
                {
                    "left": f"{max(x0 / width, 0):.2%}",
                    "top": f"{max(y0 / height, 0):.2%}",
                    "width": f"{(x1 - x0) / width:.2%}",
                    "height": f"{(y1 - y0) / height:.2%}",
                }
            )
    return places


def recording_rows(card: RoomCard) -> list[ShownRecording]:
    """Return the recordings of a card, doubtful ones first."""
    chips = {
        RecordingState.RECEIVED: "info",
        RecordingState.READ: "ok",
        RecordingState.PROBLEM: "bad",
        RecordingState.ACCEPTED: "warn",
        RecordingState.DISCARDED: "idle",
    }
    rows = [
        ShownRecording(
            row,
            [(each, meaning(each.kind)) for each in row.findings.all()],
            chips[RecordingState(row.state)],
            row.state == RecordingState.PROBLEM,
        )
        for row in card.recordings.prefetch_related("findings").select_related("answer")
    ]
    return sorted(rows, key=lambda row: (not row.undecided, row.recording.name))


def state_of(card: RoomCard, register: ExpectedForms) -> dict[str, Any]:
    """Return the live state of a room, as its page's JSON."""
    sheets = sheets_of(card)
    balance, _found = evaluate(card, register)
    active = [sheet for sheet in sheets if sheet.active]
    return {
        "state": card.state,
        "received": len(active),
        "recognised": sum(sheet.state != SheetState.RECEIVED for sheet in active),
        "unread": balance.unread,
        "problems": sum(sheet.state == SheetState.PROBLEM for sheet in active),
        "sealed": balance.sealed,
        "version": card.version,
        "discrepancies": [
            {
                "kind": row.kind,
                "number": row.number,
                "form": row.form,
                "text": str(row.text),
                "sheet": row.sheet_id,
                "severity": row.severity,
            }
            for row in card.discrepancies.filter(resolved_at__isnull=True)
        ],
        "balance": {**balance.as_dict(), "equation": equation(asdict(balance)).render(language())},
        "blockers": [{"code": each.code, "text": str(each.message)} for each in balance.blockers],
        "findings": [
            {
                "sheet": sheet.pk,
                "number": sheet.number,
                "source": sheet.source.name,
                "page": sheet.page,
                "kind": each.kind,
                "severity": each.severity,
                "value": str(each.value),
            }
            for sheet in sheets
            for each in sheet.findings.all()
        ],
        "sheets": [_sheet_state(sheet) for sheet in sheets],
        "recordings": [
            {
                "id": row.recording.pk,
                "name": row.recording.name,
                "state": row.recording.state,
                "seconds": row.recording.seconds,
                "findings": [each.kind for each, _meaning in row.findings],
            }
            for row in recording_rows(card)
        ],
    }


def _sheet_state(sheet: Sheet) -> dict[str, Any]:
    return {
        "id": sheet.pk,
        "file": sheet.source.name,
        "source": sheet.source.name,
        "page": sheet.page,
        "number": sheet.number,
        "kind": sheet.kind,
        "state": sheet.state,
        "findings": [each.kind for each in sheet.findings.all()],
    }


def live_balance(card: RoomCard, register: ExpectedForms) -> Balance:
    """Return the balance of a room as it is now."""
    return evaluate(card, register)[0]

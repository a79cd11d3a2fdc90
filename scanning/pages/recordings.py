"""The recordings of a voice room beside the places and participants that its journals name, one to one."""

from dataclasses import dataclass, field
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from common.web.pages import page, render
from scanning import board, recording_checks
from scanning.board import ShownRecording
from scanning.expected_forms import ExpectedAnswer, read_expected_forms
from scanning.pages.finding import card_of
from stations import rules


@dataclass
class ListedAnswer:
    """An answer that a voice journal lists, with the recordings that came under its name."""

    answer: ExpectedAnswer
    rows: list[ShownRecording] = field(default_factory=list)

    @property
    def chip(self) -> str:
        """Green for exactly one sound recording."""
        standing = [row for row in self.rows if row.recording.active]
        if len(standing) != 1:
            return "bad"
        return "bad" if standing[0].undecided else "ok"


@page("scanning/<sitting:key>/<str:room>/recordings/", name="scanning-recordings", node="hq")
def recordings_page(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Show every answer of a voice room with its player."""
    card = card_of(request, key, room)
    answers = read_expected_forms(card.sitting).answers_of(card.room.number)
    rows = board.recording_rows(card)
    made = [ListedAnswer(each) for each in sorted(answers, key=lambda each: (each.place, each.ordinal))]
    left: list[ShownRecording] = []
    for row in rows:
        answer = recording_checks.match(row.recording, answers)
        place = next((each for each in made if answer and each.answer.pk == answer.pk), None)
        (place.rows if place else left).append(row)
    context = {
        "sitting": card.sitting,
        "card": card,
        "left": left,
        "total": len(made),
        "good": sum(each.chip == "ok" for each in made),
        "places": [(place, list(each)) for place, each in groupby(made, key=lambda each: each.answer.place)],
        "may_edit": rules.allowed(request.user, "scanning.edit", card.sitting) and card.editable,
    }
    return render(request, "scanning/recordings.html", context, title=_("Recorded answers: %(room)s") % {"room": card})

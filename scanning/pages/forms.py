"""Forms of the desk: the card of a room, closing it with an act, and an act about sets that no room has."""

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext, gettext_lazy

from common.web.forms import PageForm, PlainText, Secret
from keys.tokens import list_tokens
from scanning import cards
from scanning.errors import CardChangedError
from scanning.expected_forms import read_expected_forms
from scanning.models import COUNTS
from scanning.pages.finding import card_of
from scanning.preparation import lost_of, name_of
from stations import rules
from stations.lookup import sitting_for
from wire.errors import PpeError


def card_to(action: str) -> Any:
    """Return what finds the card of an address, and refuses whoever may not do the action or a closed room."""

    def about(request: HttpRequest, key: str, room: str) -> Any:
        card = card_of(request, key, room)
        rules.require(request.user, action, card.sitting)
        cards.require_editable(card)
        return card

    return about


def _count(label: Any) -> PlainText:
    widget = forms.NumberInput({"min": 0, "max": 2000, "aria-required": "true"})
    return PlainText(label=label, required=False, max_length=40, widget=widget)


class CardForm(PageForm):
    """The counts of a room. The room's own rules judge them (`cards.read_counts`): what is missing is named at once."""

    name = "card"
    version = PlainText(required=False, max_length=18, widget=forms.HiddenInput)
    registration_count = _count(gettext_lazy("Registration forms"))
    dbo_count = _count(gettext_lazy("Additional answer forms no. 2"))
    absent_count = _count(gettext_lazy("Absent"))
    not_finished_count = _count(gettext_lazy("Did not finish"))

    def __init__(self, request: HttpRequest, **given: Any) -> None:
        """Ask for the counts that the room has."""
        super().__init__(request, **given)
        for name in COUNTS:
            if name not in self.about.fields:
                del self.fields[name]

    def take_refusal(self, refusal: PpeError) -> None:
        """Whoever has read what somebody else saved meanwhile saves on top of it knowingly."""
        super().take_refusal(refusal)
        if isinstance(refusal, CardChangedError):
            self.about.refresh_from_db(fields=["version"])
            typed = QueryDict(mutable=True)
            typed.update(self.data)
            typed["version"] = str(self.about.version)
            self.data = typed

    @property
    def counts(self) -> list[forms.BoundField]:
        """The fields that are shown."""
        return [self[name] for name in self.fields if name in COUNTS]


class SignedActForm(PageForm):
    """Why something cannot be put right, and the token that signs an act about it."""

    reason = PlainText(label=gettext_lazy("Reason of the difference"), max_length=200)
    text = PlainText(
        label=gettext_lazy("Circumstances"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 3, "cols": ""}),
    )
    # Whether the token is still there is said by whoever opens it, with what to do.
    token = PlainText(label=gettext_lazy("Token of a GEK member"), max_length=200, widget=forms.Select)
    pin = Secret(label=gettext_lazy("PIN"), max_length=200)

    def __init__(self, request: HttpRequest, **given: Any) -> None:
        """Offer the tokens that are inserted."""
        super().__init__(request, **given)
        widget: Any = self.fields["token"].widget
        widget.choices = [(each.id, each.label) for each in list_tokens()] or [
            ("", gettext_lazy("No token inserted")),
        ]


class ClosingActForm(SignedActForm):
    """Why a room is closed with a difference, and the token that signs it."""

    name = "close-act"


def sitting_to(action: str) -> Any:
    """Return what finds the exam of an address, and refuses whoever may not do the action."""

    def about(request: HttpRequest, key: str) -> Any:
        return sitting_for(request, key, action)

    return about


class LostSetsForm(SignedActForm):
    """Which sets of a preparation room cannot be had, why, and the token that signs it."""

    name = "lost-sets"
    sets = forms.MultipleChoiceField(
        label=gettext_lazy("Sets whose forms cannot be had"), widget=forms.SelectMultiple({"size": 4})
    )
    reason = PlainText(label=gettext_lazy("Why they cannot be had"), max_length=200)

    def __init__(self, request: HttpRequest, **given: Any) -> None:
        """Offer the sets that lie nowhere."""
        super().__init__(request, **given)
        sets: Any = self.fields["sets"]
        sets.choices = [
            (
                name_of(each),
                gettext("station %(station)s, set no. %(set)d") % {"station": each.station, "set": each.ordinal},
            )
            for each in lost_of(self.about, read_expected_forms(self.about))
        ]

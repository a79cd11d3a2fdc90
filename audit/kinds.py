"""The catalogue of event kinds: dotted name → what a person reads."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, str | Promise] = {
    "refused": _("Refused"),
    "node.founded": _("Node set up"),
    "node.started": _("Node started"),
    "node.cluster_restarted": _("Queue of the node restarted"),
    "node.numbers_behind": _("The database is behind the numbers given out: it was put back from an older copy"),
    "node.numbers_made": _("The file of numbers given out was made from the database"),
    "people.account_made": _("Login issued"),
    "registry.taken_in": _("Registry loaded"),
    "station.replaced": _("Station replaced"),
    # Its name is as old as the events in the chains.
    "journals.station_state": _("A station changed its state"),
}


def register(kinds: dict[str, str | Promise]) -> None:
    """Add the kinds of a room to the catalogue; a kind is named once."""
    for name, words in kinds.items():
        if KINDS.setdefault(name, words) is not words and str(KINDS[name]) != str(words):
            raise ValueError(f"event kind {name!r} is declared twice")


#: By what means something was done (`audit.log.Actor.means`).
MEANS: dict[str, str | Promise] = {
    "page": _("on a page"),
    "api": _("by network"),
    "token": _("with a token"),
    "system": _("automatically"),
}

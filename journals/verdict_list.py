"""Files brought on the page “Monitoring”: a verdict for each, kept on the screen until the next ones."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.log import actor_of
from common.work import clock
from journals.arrivals import Uploaded, ingest_all
from journals.verdicts import Verdict
from stations.models import Sitting
from wire.errors import PpeError
from wire.messages import Message

SESSION_KEY = "verdicts"
KEPT = 120
#: So many refusals are messages of their own; all of them stand in the list of verdicts.
SHOUTED = 3
#: State of a verdict → level, icon; the line says the rest. What a person must see to comes first.
LOOKS = {
    "quarantined": ("warn", "warning"),
    "refused": ("bad", "block"),
    "superseded": ("info", "content_copy"),
    "accepted": ("ok", "check_circle"),
}
_ORDER = list(LOOKS)


class NoFilesError(PpeError):
    """The form came without files."""

    code = "no_files"


def take_uploads(request: HttpRequest, sitting: Sitting) -> str:
    """Take in the files of the form, each by itself: one that is refused does not stop the others."""
    uploads = request.FILES.getlist("files")
    if not uploads:
        raise NoFilesError(Message("Choose the files of the journals."))
    arrived = [Uploaded(str(upload.name), upload.read) for upload in uploads]
    verdicts = ingest_all(arrived, door="browser", actor=actor_of(request), point=sitting.point)
    return keep(request, sitting, verdicts)


def keep(request: HttpRequest, sitting: Sitting, verdicts: Iterable[Verdict]) -> str:
    """Keep the verdicts for the page and say how many of each there are.

    Raises:
        NoFilesError: There was no journal in the folder.
    """
    rows = list(verdicts)
    if not rows:
        raise NoFilesError(Message("There is no journal in this folder."))
    at = clock.local(clock.now(), sitting.point.timezone)
    request.session[SESSION_KEY] = {
        "sitting": sitting.key,
        "at": f"{at:%H:%M}",
        "rows": [
            {"state": row.state, "line": row.line, "code": row.refusal.code if row.refusal else ""}
            for row in sorted(rows, key=lambda row: _ORDER.index(row.state))[:KEPT]
        ],
        "more": max(0, len(rows) - KEPT),
    }
    for row in [row for row in rows if row.refusal][:SHOUTED]:
        if row.refusal is not None:
            messages.error(request, row.line, extra_tags=f"code-{row.refusal.code}")
    if all(row.state == "refused" for row in rows):
        # Nothing was done: no green line says so.
        messages.warning(request, summary(rows))
        return ""
    return summary(rows)


def summary(rows: Iterable[Verdict]) -> str:
    """Return ``Files 7: accepted 5, await a decision 1, not accepted 1``."""
    states = [row.state for row in rows]
    parts = [
        (_("accepted %d"), states.count("accepted")),
        (_("waiting for a decision %d"), states.count("quarantined")),
        (_("replaced by fuller ones %d"), states.count("superseded")),
        (_("turned away %d"), states.count("refused")),
    ]
    said = ", ".join(words % count for words, count in parts if count)
    return ngettext("%(n)d file: %(said)s.", "%(n)d files: %(said)s.", len(states)) % {"n": len(states), "said": said}


def shown(request: HttpRequest, sitting: Sitting) -> dict[str, object] | None:
    """Return the verdicts of the last files that this person brought to this sitting."""
    kept = request.session.get(SESSION_KEY)
    if not kept or kept.get("sitting") != sitting.key:
        return None
    rows = [{**row, "level": LOOKS[row["state"]][0], "icon": LOOKS[row["state"]][1]} for row in kept["rows"]]
    return {**kept, "rows": rows}

"""The readiness of the station on paper: every check with its verdict, and lines for signatures. Always Russian."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer

from common.paper import pdf
from common.paper.language import in_russian
from common.work import clock
from common.work.clock import now
from scanning.models import Readiness
from stations.models import Sitting

_VERDICTS = {
    "ok": pgettext_lazy("paper", "in order"),
    "warn": gettext_lazy("warning"),
    "bad": gettext_lazy("OUT OF ORDER"),
}


@in_russian
def paper(sitting: Sitting, last: Readiness | None, *, station: str) -> bytes:
    """Return the sheet: the last check, when it was made and when it is printed."""
    style, title = pdf.styles(), pgettext("paper", "Readiness of the scanning station")
    point = sitting.point
    printed = clock.local(now(), point.timezone).strftime("%d.%m.%Y %H:%M")
    where = _("Exam point %(point)s · station %(station)s · %(subject)s, %(day)s") % {
        "point": point.key,
        "station": station,
        "subject": sitting.subject.name,
        "day": f"{sitting.date:%d.%m.%Y}",
    }
    story: list[Flowable] = [
        Paragraph(title, style["title"]),
        Paragraph(where, style["text"]),
    ]
    if last is None:
        story.append(Paragraph(pgettext("paper", "Not checked yet."), style["subtitle"]))
        return pdf.document(story, title=title, footer=_("printed %(at)s") % {"at": printed})
    checked = clock.local(last.checked_at, point.timezone).strftime("%d.%m.%Y %H:%M")
    bad = sum(line["verdict"] == "bad" for line in last.lines)
    summary = (
        _("Out of order: %(count)d.") % {"count": bad} if bad else pgettext("paper", "The station is ready for work.")
    )
    story += [
        Paragraph(
            _("Checked %(at)s, %(who)s. %(summary)s") % {"at": checked, "who": last.checked_by, "summary": summary},
            style["text"],
        ),
        Spacer(1, 4 * mm),
        pdf.table(
            (_("What was checked"), pgettext("paper", "Verdict"), _("Found"), _("What to do")),
            [_row(line) for line in last.lines],
            (45, 24, 58, 53),
        ),
        Paragraph(_("Signatures"), style["subtitle"]),
    ]
    for who in (_("Technical specialist"), _("Head of the exam point"), pgettext("capital", "GEK member")):
        story += [Spacer(1, 5 * mm), Paragraph(f"{who} _____________________ / _____________________ /", style["text"])]
    return pdf.document(
        story,
        title=title,
        footer=_("checked %(checked)s · printed %(printed)s") % {"checked": checked, "printed": printed},
        training=settings.PPE_MODE == "training",
    )


def _row(line: dict[str, dict[str, str]]) -> tuple[str, str, str, str]:
    return (
        line["title"]["ru"],
        str(_VERDICTS[str(line["verdict"])]),
        line["said"]["ru"],
        line.get("cure", {}).get("ru", ""),
    )

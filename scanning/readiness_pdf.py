"""The readiness of the station on paper: every check with its verdict, and lines for signatures. Always Russian."""

from django.conf import settings
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer

from common.paper import pdf
from common.work import clock
from common.work.clock import now
from scanning.models import Readiness
from stations.models import Sitting

_VERDICTS = {"ok": "исправно", "warn": "внимание", "bad": "НЕИСПРАВНО"}
_SIGNERS = ("Технический специалист", "Руководитель ППЭ", "Член ГЭК")


def paper(sitting: Sitting, last: Readiness | None, *, station: str) -> bytes:
    """Return the sheet: the last check, when it was made and when it is printed."""
    style = pdf.styles()
    point = sitting.point
    printed = clock.local(now(), point.timezone).strftime("%d.%m.%Y %H:%M")
    story: list[Flowable] = [
        Paragraph("Готовность станции сканирования", style["title"]),
        Paragraph(
            f"ППЭ {point.key} · станция {station} · {sitting.subject.name}, {sitting.date:%d.%m.%Y}", style["text"]
        ),
    ]
    if last is None:
        story.append(Paragraph("Проверка ещё не проводилась.", style["subtitle"]))
        return pdf.document(story, title="Готовность станции сканирования", footer=f"напечатано {printed}")
    checked = clock.local(last.checked_at, point.timezone).strftime("%d.%m.%Y %H:%M")
    bad = sum(line["verdict"] == "bad" for line in last.lines)
    summary = f"Неисправностей: {bad}." if bad else "Станция готова к работе."
    story += [
        Paragraph(f"Проверено {checked}, {last.checked_by}. {summary}", style["text"]),
        Spacer(1, 4 * mm),
        pdf.table(
            ("Что проверено", "Итог", "Найдено", "Что сделать"), [_row(line) for line in last.lines], (45, 24, 58, 53)
        ),
        Paragraph("Подписи", style["subtitle"]),
    ]
    for who in _SIGNERS:
        story += [Spacer(1, 5 * mm), Paragraph(f"{who} _____________________ / _____________________ /", style["text"])]
    return pdf.document(
        story,
        title="Готовность станции сканирования",
        footer=f"проверено {checked} · напечатано {printed}",
        training=settings.PPE_MODE == "training",
    )


def _row(line: dict[str, dict[str, str]]) -> tuple[str, str, str, str]:
    return (
        line["title"]["ru"],
        _VERDICTS[str(line["verdict"])],
        line["said"]["ru"],
        line.get("cure", {}).get("ru", ""),
    )

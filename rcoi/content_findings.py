"""Remarks about the content of acknowledged packets, and about others that they touch. They never block."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from rcoi.findings import say
from rcoi.models import InboxAct, InboxFinding, InboxJournal, InboxPacket, InboxSheet, PacketKind
from rcoi.states import PacketState
from rcoi.versions import lineage
from stations.matching import station_of
from stations.models import ExamPoint
from wire.forms import CATALOGUE

#: Status → kinds of stations whose journals come with it.
STATIONS_OF = {"exams_finished": ("print", "voice"), "blanks_transferred": ("scan",)}


def remark(packet: InboxPacket) -> None:
    """Remark on an acknowledged packet's content, and on others that it touches."""
    sheets = list(packet.inboxsheets.all())
    _twice_inside(packet, sheets)
    _twice_elsewhere(packet, sheets)
    if packet.kind == PacketKind.FORMS:
        _mandatory(packet, sheets)
    if packet.document.get("closed_with_act"):
        say(packet, "closed_with_act", "Аудитория закрыта с актом о расхождении.")
    _seats(packet)
    if packet.kind == PacketKind.AUDIO:
        _recordings(packet, sheets)
    if packet.kind == PacketKind.STATUS:
        stations(packet)
    for journal in packet.inboxjournals.all():
        for problem in journal.problems:
            say(packet, "journal_problem", f"{journal.name}: {problem}", room=journal.room)
    for act in packet.inboxacts.all():
        if act.problem:
            say(packet, "act_problem", f"{act.name}: {act.problem}", room=act.room)


def _twice_inside(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    for number, times in Counter(sheet.number for sheet in sheets if sheet.number).items():
        if times > 1:
            say(packet, "sheet_twice", f"Лист № {number} встречается в пакете {times} раза.", number=number)


def _twice_elsewhere(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    numbers = {sheet.number for sheet in sheets if sheet.number}
    family = {each.pk for each in lineage(packet)}
    others = (
        InboxSheet.objects.filter(number__in=numbers, packet__state=PacketState.ACKNOWLEDGED)
        .filter(packet__superseded_by__isnull=True)
        .exclude(packet_id__in=family)
        .select_related("packet__point__region")
    )
    for sheet in others:
        other = sheet.packet
        say(packet, "sheet_elsewhere", f"Лист № {sheet.number} есть и в пакете «{other.title}».", number=sheet.number)
        say(other, "sheet_elsewhere", f"Лист № {sheet.number} есть и в пакете «{packet.title}».", number=sheet.number)


def _seats(packet: InboxPacket) -> None:
    """Hold the card to the seats of the registry: seated − absent = registration forms."""
    card = packet.document.get("card")
    if not isinstance(card, dict) or packet.sitting is None:
        return
    use = packet.sitting.rooms.filter(room__number=packet.room).first()
    said, absent = card.get("registration_count"), card.get("absent_count")
    if use is None or not isinstance(said, int) or not isinstance(absent, int) or use.seats - absent == said:
        return
    text = f"Рассажено {use.seats}, не явились {absent}, а бланков регистрации по карточке {said}."
    say(packet, "seats_differ", text)


def _recordings(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    """Name the registration forms of a voice room that no recording goes with."""
    found = {row.number for row in packet.inboxrecordings.all()}
    for sheet in sheets:
        if sheet.form == "R" and sheet.number and sheet.number not in found:
            say(packet, "recording_missing", f"Нет аудиоответа к бланку № {sheet.number}.", number=sheet.number)


def stations(packet: InboxPacket) -> None:
    """Name the stations of the sitting of which neither a journal nor an act has come; looked at anew each time."""
    sitting = packet.sitting
    if sitting is None:
        return
    kinds = STATIONS_OF.get(str(packet.document.get("status")), ())
    current = InboxPacket.objects.filter(sitting=sitting, kind=PacketKind.STATUS, superseded_by__isnull=True)
    same = current.filter(document__status=packet.document.get("status"))
    InboxFinding.objects.filter(packet__in=same, code="station_missing").delete()
    came = _stations_in(current.filter(state=PacketState.ACKNOWLEDGED), sitting.point, kinds)
    for post in sitting.posts.filter(station__kind__in=kinds).select_related("station"):
        if post.station_id not in came:
            say(packet, "station_missing", f"Нет ни журнала, ни акта: {post.station}.")


def _stations_in(packets: QuerySet[InboxPacket], point: ExamPoint, kinds: Sequence[str]) -> set[int]:
    """Return the stations whose journals or acts are in packets."""
    rows: list[InboxJournal | InboxAct] = [
        *InboxJournal.objects.filter(packet__in=packets, kind__in=kinds),
        *InboxAct.objects.filter(packet__in=packets, kind="journal_missing"),
    ]
    found = set()
    for row in rows:
        for kind in [row.kind] if row.kind in kinds else kinds:
            station = station_of(point, kind, row.station, room=row.room or None) if row.station else None
            if station is not None:
                found.add(station.pk)
    return found


def _mandatory(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    """Name the forms that the «Штаб» must send: its own, and those of every room."""
    found = Counter(sheet.form for sheet in sheets)
    oral = bool(packet.sitting and packet.sitting.subject.oral)
    rooms = packet.sitting.rooms.count() if packet.sitting else 0
    for form in CATALOGUE.values():
        if not form.mandatory or form.scope == "participant" or form.code == ("13-02-МАШ" if oral else "13-03-У"):
            continue
        if form.scope == "room" and found[form.code] < rooms:
            say(packet, "form_missing", f"{form.title_ru}: {found[form.code]} на {rooms} аудиторий.")
        elif not found[form.code]:
            say(packet, "form_missing", f"Нет обязательной формы {form.title_ru}.")

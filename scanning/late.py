"""Why a closed room is opened again by itself, in words: which journal came, and what has not been scanned."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Q

from common.errors import Said
from journals.models import Act, Journal
from scanning.balance import PROBLEM, Found
from scanning.models import RoomCard
from scanning.reconcile import Balance, difference_words
from scanning.register import Register

_STATIONS = {"print": ("станции печати", "print station"), "voice": ("станции записи ответов", "voice station")}
#: More sets than these are not named one by one.
_NAMED = 6


def reason(card: RoomCard, balance: Balance, found: Sequence[Found], register: Register) -> Said:
    """Say why a closed room is open again. No form number: the sentence goes into the scan journal and the log."""
    what, what_en = _came(card)
    lacks, lacks_en = _lacks(balance, found, register)
    return Said(f"{what}: {lacks}.", f"{what_en}: {lacks_en}.")


def _came(card: RoomCard) -> tuple[str, str]:
    since = card.closed_at
    if since is not None:
        own = Journal.objects.filter(sitting=card.sitting, room=card.room).counting().select_related("station")
        own = own.exclude(kind=Journal.Kind.SCAN).order_by("kind", "station_said")
        if rows := own.filter(Q(received_at__gt=since) | Q(decided_at__gt=since)):
            ru, en = _named(rows)
            several = len(rows) > 1
            return (
                f"После закрытия {'пришли журналы' if several else 'пришёл журнал'} {ru}",
                f"After the closing {'the journals' if several else 'the journal'} of {en} came",
            )
        if rows := own.filter(forms_opened_at__gt=since):
            ru, en = _named(rows)
            return f"После закрытия открыты номера бланков {ru}", f"After the closing the numbers of {en} were opened"
        acts = Act.objects.filter(sitting=card.sitting, station_post__room=card.room, made_at__gt=since)
        if numbers := sorted(acts.values_list("station_post__station__number", flat=True)):
            stations = ", ".join(numbers)
            return (
                f"После закрытия составлен акт вместо журнала станции {stations}",
                f"After the closing an act was made instead of the journal of station {stations}",
            )
    return (
        "Изменились данные, по которым аудитория была закрыта",
        "What the room was closed by has changed",
    )


def _named(rows: Iterable[Journal]) -> tuple[str, str]:
    ru, en = [], []
    for row in rows:
        word, word_en = _STATIONS.get(row.kind, ("станции", "station"))
        number = row.station.number if row.station else row.station_said
        ru.append(f"{word} {number}")
        en.append(f"{word_en} {number}")
    return ", ".join(ru), ", ".join(en)


def _lacks(balance: Balance, found: Sequence[Found], register: Register) -> tuple[str, str]:
    serious = [each for each in found if each.severity == PROBLEM]
    missing = [each for each in serious if each.kind == "missing"]
    blanks = [each for each in missing if each.number in register.by_number and not each.form.startswith("audio")]
    said: list[tuple[str, str]] = []
    if blanks:
        sets = Counter(register.by_number[each.number][0].ordinal for each in blanks)
        names = ", ".join(f"№ {ordinal}" for ordinal in sorted(sets)[:_NAMED])
        more = (" и ещё", " and more") if len(sets) > _NAMED else ("", "")
        ru, en = ("комплект", "set") if len(sets) == 1 else ("комплекты", "sets")
        said.append(
            (
                f"не отсканировано листов: {len(blanks)} ({ru} {names}{more[0]})",
                f"sheets not scanned: {len(blanks)} ({en} {names.replace('№', 'no.')}{more[1]})",
            )
        )
    if sound := sum(each.form.startswith("audio") for each in missing):
        said.append((f"нет аудиофайлов: {sound}", f"recordings missing: {sound}"))
    if forms := len(missing) - len(blanks) - sound:
        said.append((f"нет форм: {forms}", f"forms missing: {forms}"))
    others = Counter(each.kind for each in serious if each.kind not in ("missing", "unreadable"))
    if others:
        said.append(difference_words(others))
    # The differences by number say more than the balance that follows from them.
    passed = {"difference", "balance"} if said else {"difference"}
    said += [(each.ru, each.en) for each in balance.blockers if each.code not in passed]
    if not said:
        return "её нужно сверить снова", "it has to be compared again"
    return "; ".join(ru for ru, _en in said), "; ".join(en for _ru, en in said)

"""What a point owes on a day, written a second time: from the rules of the exam, not from the code of `day`.

It reads plain rows with SQL and imports nothing of the portal, so that a mistake of the evaluation is no mistake of
its judge. Slow and simple on purpose. An obligation is (kind, where): ``journal`` and ``scan_journal`` of a station,
``packet`` of a room or ``HQ``, ``status`` by its name.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

Owed = tuple[str, str]
FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"


def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows of a question as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, each, strict=True)) for each in cursor.fetchall()]


def day_over(sittings: list[int], station: str) -> bool:
    """Whether everybody may go home: nothing is owed of any exam of the day."""
    return not any(owed(each, station) for each in sittings)


def owed(sitting: int, station: str) -> set[Owed]:
    """Return everything of an exam that lacks its evidence.

    Args:
        sitting: Its key.
        station: Number of the scanning station that this node is.
    """
    found = {("journal", post["number"]) for post in _posts(sitting, "print", "voice") if not _served(sitting, post)}
    for post in _posts(sitting, "scan"):
        journal = _standing(sitting, post)
        behind = journal is not None and post["number"] == station and _behind(sitting, journal)
        if not _served(sitting, post) or behind or not _heads_held(sitting, post):
            found.add(("scan_journal", post["number"]))
    places = rows(
        "SELECT r.id, r.number FROM stations_sittingroom s JOIN stations_room r ON r.id = s.room_id"
        " WHERE s.sitting_id = %s AND r.kind <> 'hq' AND s.kind <> 'preparation'",
        sitting,
    )
    hq = "SELECT r.id, 'HQ' AS number FROM stations_room r JOIN stations_sitting s ON s.point_id = r.point_id"
    places += rows(hq + " WHERE s.id = %s AND r.kind = 'hq'", sitting)
    found |= {("packet", place["number"]) for place in places if not _delivered(sitting, place)}
    found |= {("set", room) for room in _handing_out(sitting)}
    found |= {("status", name) for name in (FINISHED, TRANSFERRED) if not _accepted(sitting, name)}
    return found


# --- journals ---------------------------------------------------------------------------------------------------------


def _posts(sitting: int, *kinds: str) -> list[dict[str, Any]]:
    found = rows(
        "SELECT p.id, p.station_id, p.room_id, s.number, s.kind FROM stations_stationpost p"
        " JOIN stations_station s ON s.id = p.station_id WHERE p.sitting_id = %s",
        sitting,
    )
    return [each for each in found if each["kind"] in kinds]


def _standing(sitting: int, post: dict[str, Any]) -> dict[str, Any] | None:
    """The accepted journal of a station."""
    sql = "SELECT * FROM journals_journal WHERE sitting_id = %s AND station_id = %s AND state = 'accepted'"
    return next(iter(rows(sql + " ORDER BY id DESC", sitting, post["station_id"])), None)


def _act(post: dict[str, Any]) -> dict[str, Any] | None:
    return next(iter(rows("SELECT * FROM journals_act WHERE station_post_id = %s", post["id"])), None)


def _served(sitting: int, post: dict[str, Any]) -> bool:
    return _standing(sitting, post) is not None or _act(post) is not None


def _entries(sitting: int) -> list[dict[str, Any]]:
    return rows("SELECT seq, event, line FROM scanning_scanentry WHERE sitting_id = %s ORDER BY seq", sitting)


def _behind(sitting: int, journal: dict[str, Any]) -> bool:
    """Whether this station has written a line that its journal does not hold."""
    text = b"".join(bytes(each["line"]).rstrip(b"\n") + b"\n" for each in _entries(sitting))
    return hashlib.sha256(text).hexdigest() != journal["lines_sha256"]


def _heads_held(sitting: int, post: dict[str, Any]) -> bool:
    """Whether the accepted journal of a station holds the line under which each of its newest packets was signed."""
    journal = _standing(sitting, post)
    heads = [each for each in _heads(sitting) if each["station"].lstrip("0") == post["number"].lstrip("0")]
    if journal is None or not heads:
        return True
    lines = _lines(journal)
    return all(lines[each["number"] :][:1] == [each["sha256"]] for each in heads)


def _heads(sitting: int) -> list[dict[str, Any]]:
    """What the newest packet of every place and machine says of the scan journal."""
    sql = "SELECT * FROM transfers_packet WHERE sitting_id = %s AND kind IN ('blanks', 'audio', 'forms')"
    packets = rows(sql + " ORDER BY version, id", sitting)
    newest = {(each["kind"], each["room_id"], each["node"] if each["imported"] else ""): each for each in packets}
    places = {(each["kind"], each["room_id"]): each for each in newest.values() if each["state"] != "superseded"}
    said = [
        each["scan_head"]
        for (kind, room, _machine), each in newest.items()
        # What was replaced counts only where nothing has replaced it.
        if each["state"] != "superseded" or (kind, room) not in places
    ]
    return [head for each in said if (head := json.loads(each) if isinstance(each, str) else each)]


def _lines(journal: dict[str, Any]) -> list[str]:
    """The SHA-256 of every line of a journal, out of its file: the lines lie whole in what was signed."""
    blob, size = Path(settings.PPE_DATA_DIR, journal["path"]).read_bytes(), journal["lines_size"]
    place = -1
    while (place := blob.find(b"{", place + 1)) >= 0:
        text = blob[place : place + size]
        if hashlib.sha256(text).hexdigest() == journal["lines_sha256"]:
            return [hashlib.sha256(each).hexdigest() for each in text.removesuffix(b"\n").split(b"\n")]
    return []


# --- preparation rooms ------------------------------------------------------------------------------------------------


def _preparing(sitting: int) -> dict[int, str]:
    sql = "SELECT r.id, r.number FROM stations_sittingroom s JOIN stations_room r ON r.id = s.room_id"
    return {
        each["id"]: each["number"]
        for each in rows(sql + " WHERE s.sitting_id = %s AND s.kind = 'preparation'", sitting)
    }


def _handing_out(sitting: int) -> set[str]:
    """The preparation rooms of which it is not known where every set that they gave out lies."""
    found = set()
    for room, number in _preparing(sitting).items():
        posts = [post for post in _posts(sitting, "print") if post["room_id"] == room]
        sql = "SELECT * FROM journals_journal WHERE sitting_id = %s AND room_id = %s AND state = 'accepted'"
        papers = [each for each in rows(sql, sitting, room) if each["kind"] == "print"]
        shut = any(each["sealed_sets"] and not each["forms_opened_at"] for each in papers)
        lost = set(_given_out(sitting, room)) - _lying(sitting)
        if lost or shut or not all(_served(sitting, post) for post in posts):
            found.add(number)
    return found


def _given_out(sitting: int, room: int) -> set[str]:
    """Registration forms of the sets that a preparation room printed and gave out."""
    sql = (
        "SELECT f.number FROM journals_journalsheet f JOIN journals_journalset s ON s.id = f.set_id"
        " JOIN journals_journal j ON j.id = s.journal_id WHERE j.sitting_id = %s AND j.room_id = %s AND f.kind = 'R'"
        " AND j.state = 'accepted' AND j.kind = 'print' AND NOT s.spoiled AND NOT s.unused"
    )
    return {each["number"] for each in rows(sql, sitting, room)}


def _lying(sitting: int) -> set[str]:
    """Forms whose place is known: an answer to them was recorded, they are scanned in a room, an act names them."""
    sql = (
        "SELECT a.registration_number AS number FROM journals_journalanswer a JOIN journals_journal j"
        " ON j.id = a.journal_id WHERE j.sitting_id = %s AND j.state = 'accepted' AND a.registration_number IS NOT NULL"
    )
    found = {each["number"] for each in rows(sql, sitting)}
    sql = (
        "SELECT s.number FROM scanning_sheet s JOIN scanning_roomcard c ON c.id = s.card_id"
        " JOIN stations_room r ON r.id = c.room_id WHERE c.sitting_id = %s AND r.kind <> 'hq'"
        " AND s.state IN ('received', 'recognised', 'problem', 'accepted')"
    )
    found |= {each["number"] for each in rows(sql, sitting)}
    for each in rows("SELECT numbers FROM journals_act WHERE sitting_id = %s", sitting):
        found |= set(json.loads(each["numbers"]) if isinstance(each["numbers"], str) else each["numbers"])
    return found


# --- packets ----------------------------------------------------------------------------------------------------------


def _delivered(sitting: int, place: dict[str, Any]) -> bool:
    """Whether the centre has opened what lies in the envelope of a room, and the room still is what was sent."""
    sql = "SELECT * FROM scanning_roomcard WHERE sitting_id = %s AND room_id = %s"
    card = next(iter(rows(sql, sitting, place["id"])), None)
    sql = "SELECT * FROM transfers_packet WHERE sitting_id = %s AND room_id = %s AND kind <> 'test'"
    packets = rows(sql + " ORDER BY version DESC, id DESC", sitting, place["id"])
    # Each machine of the HQ that made one: nobody's confirmed packet says anything about another's sheets.
    newest = {each["node"] if each["imported"] else "": each for each in reversed(packets)}
    if not newest or not all(_confirmed(each) for each in newest.values()):
        return False
    if "" not in newest and (card is None or card["state"] == "waiting"):
        # Scanned at another machine: what became of it there is asked for and answered there.
        return not any(_asked_again(each) for each in newest.values())
    return card is not None and card["state"] == "packed" and not _unscanned(sitting, place, card)


def _asked_again(packet: dict[str, Any]) -> bool:
    """Whether the centre has asked for the sheets of this version again."""
    asked = rows("SELECT body FROM transfers_feedrecord WHERE kind = 'rescan_request'")
    bodies = [json.loads(each["body"]) if isinstance(each["body"], str) else each["body"] for each in asked]
    return any(each.get("packet") == packet["uid"] for each in bodies)


def _confirmed(packet: dict[str, Any]) -> bool:
    """Whether the last word of the centre about the very bytes that were signed is «Подтвержден»."""
    sql = "SELECT level FROM transfers_receiptrecord WHERE file_sha256 = %s ORDER BY number DESC, id DESC"
    words = [each["level"] for each in rows(sql, packet["sha256"])] if packet["sha256"] else []
    last = next((each for each in words if each != "delivered"), None)
    # A packet that the centre withdraws by a word in the feed, without a receipt, is rejected here.
    return last == "acknowledged" and packet["state"] != "rejected"


def _unscanned(sitting: int, place: dict[str, Any], card: dict[str, Any]) -> bool:
    """Whether the journals name a sheet of a room that is neither scanned nor excused by the room's act."""
    printed = rows(
        "SELECT f.number FROM journals_journalsheet f JOIN journals_journalset s ON s.id = f.set_id"
        " JOIN journals_journal j ON j.id = s.journal_id WHERE j.sitting_id = %s AND j.room_id = %s"
        " AND j.state = 'accepted' AND j.kind = 'print' AND NOT s.spoiled AND NOT s.unused",
        sitting,
        place["id"],
    )
    sql = "SELECT number FROM scanning_sheet WHERE card_id = %s AND state IN ('accepted', 'recognised')"
    # What a voice room collects was printed elsewhere: its own journals name it.
    heard = rows(
        "SELECT a.registration_number AS number FROM journals_journalanswer a JOIN journals_journal j"
        " ON j.id = a.journal_id WHERE j.sitting_id = %s AND j.room_id = %s AND j.state = 'accepted'"
        " AND a.registration_number IS NOT NULL",
        sitting,
        place["id"],
    )
    missing = {each["number"] for each in (*printed, *heard)} - {each["number"] for each in rows(sql, card["id"])}
    if not missing:
        return False
    return card["act_id"] is None or not missing <= _excused(card)


def _excused(card: dict[str, Any]) -> set[str]:
    """Numbers that were known to be missing when a GEK member signed the act."""
    sql = "SELECT d.number FROM scanning_discrepancy d WHERE d.card_id = %s AND d.kind = 'missing'"
    signed = next(iter(rows("SELECT made_at FROM journals_act WHERE id = %s", card["act_id"])))
    return {each["number"] for each in rows(sql + " AND d.found_at <= %s", card["id"], signed["made_at"])}


# --- statuses ---------------------------------------------------------------------------------------------------------


def _accepted(sitting: int, name: str) -> bool:
    """Whether a status stands, and the centre has confirmed its packet with all the evidence of now."""
    sql = "SELECT * FROM transfers_pointstatus WHERE sitting_id = %s AND status = %s AND state <> 'undone'"
    status = next(iter(rows(sql, sitting, name)), None)
    if status is None:
        return False
    sql = "SELECT * FROM transfers_packet WHERE status_id = %s ORDER BY version DESC, id DESC"
    newest = next(iter(rows(sql, status["id"])), None)
    return newest is not None and _confirmed(newest) and not _outgrown(sitting, name)


def _outgrown(sitting: int, name: str) -> bool:
    """Whether a journal or an act has come that the last version of a standing status does not carry."""
    sql = "SELECT p.contents FROM transfers_packet p JOIN transfers_pointstatus s ON s.id = p.status_id"
    sql += " WHERE s.sitting_id = %s AND s.status = %s AND s.state <> 'undone' ORDER BY p.version DESC, p.id DESC"
    for newest in rows(sql, sitting, name)[:1]:
        contents = newest["contents"]
        return set(json.loads(contents) if isinstance(contents, str) else contents) != _evidence(sitting, name)
    return False


def _evidence(sitting: int, name: str) -> set[str]:
    found = set()
    for post in _posts(sitting, *(("print", "voice") if name == FINISHED else ("scan",))):
        paper = _standing(sitting, post) or _act(post)
        if paper is not None:
            found.add(paper["sha256"])
    if name == TRANSFERRED:
        sql = "SELECT sha256, room_id FROM journals_act WHERE sitting_id = %s AND kind = 'room_difference'"
        found |= {each["sha256"] for each in rows(sql, sitting) if each["room_id"] in _preparing(sitting)}
    return found

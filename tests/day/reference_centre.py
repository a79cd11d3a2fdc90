"""What the centre still lacks of an exam, written a second time: from the rules of the exam, not from `rcoi.day`.

It reads plain rows of what arrived and imports nothing of the portal. Three things are taken as they were kept, for
nobody else knows them: which packets opened, what the checks counted and hashed in them, and when the coordinator took
a status back. Slow and simple on purpose. A lack is (kind, where) → what exactly is wrong: a person's word about it
counts while it is the same.
"""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from tests.day.reference import FINISHED, TRANSFERRED, rows

Lack = tuple[str, str]
Row = dict[str, Any]
STATUSES = (FINISHED, TRANSFERRED)
STATIONS = {FINISHED: ("print", "voice"), TRANSFERRED: ("scan",)}
WORKING = ("received", "opening", "verified")
SHEETS = ("blanks", "forms", "audio")
#: Every exam sends these of the point, and one of each for every room.
OF_POINT, OF_ROOM = ("18-МАШ",), ("05-02", "12-04-МАШ")
SUMMARY, ORAL_SUMMARY = "13-02-МАШ", "13-03-У"


def plain(value: Any) -> Any:
    """Return what a JSON column holds."""
    return json.loads(value) if isinstance(value, str | bytes) else value


def moment(value: Any) -> datetime:
    """Return a moment that SQLite gives as text in UTC."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else value
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Centre:
    """What lies at the centre of one exam."""

    def __init__(self, sitting: int) -> None:
        self.sitting = sitting
        (exam,) = rows(
            "SELECT s.*, u.oral, u.code FROM stations_sitting s JOIN stations_subject u ON u.id = s.subject_id"
            " WHERE s.id = %s",
            sitting,
        )
        self.oral, self.subject = bool(exam["oral"]), exam["code"]
        self.rooms = {
            each["number"]: each
            for each in rows(
                "SELECT r.number, s.seats, s.kind FROM stations_sittingroom s"
                " JOIN stations_room r ON r.id = s.room_id WHERE s.sitting_id = %s",
                sitting,
            )
        }
        sql = "SELECT * FROM rcoi_inboxpacket WHERE sitting_id = %s AND uid IS NOT NULL AND kind <> 'test' ORDER BY id"
        self.packets = [
            each
            | {name: plain(each[name]) for name in ("header", "document", "counts")}
            | {name: moment(each[name]) for name in ("received_at", "decided_at") if each[name]}
            for each in rows(sql, sitting)
        ]
        self.forms = {each["id"]: self._forms(each) for each in self.packets}
        sql = "SELECT * FROM rcoi_pointstatusrecord WHERE sitting_id = %s"
        self.records = {each["status"]: each for each in rows(sql, sitting)}
        self.requests = rows("SELECT * FROM rcoi_rescanrequest WHERE sitting_id = %s ORDER BY id", sitting)

    @staticmethod
    def _forms(packet: Row) -> list[tuple[str, str]]:
        sql = "SELECT number, form FROM rcoi_inboxsheet WHERE packet_id = %s"
        return [(each["number"], each["form"]) for each in rows(sql, packet["id"])]

    # --- versions -----------------------------------------------------------------------------------------------------

    def family(self, packet: Row) -> list[Row]:
        """Every version of a packet, by what each says it replaces."""
        known = {packet["uid"]}
        while True:
            more = {each["supersedes_uid"] for each in self.packets if each["uid"] in known} - {""}
            more |= {each["uid"] for each in self.packets if each["supersedes_uid"] in known}
            if more <= known:
                break
            known |= more
        same = (packet["kind"], packet["room"])
        return [each for each in self.packets if each["uid"] in known and (each["kind"], each["room"]) == same]

    def confirmed(self, packets: list[Row]) -> list[Row]:
        """Those that were opened and found whole, the newest version last."""
        good = [each for each in packets if each["state"] == "acknowledged"]
        return sorted(good, key=lambda each: (each["version"], each["id"]))

    def outlived(self, packet: Row) -> bool:
        """Whether a later version of it was confirmed."""
        return any(each["version"] > packet["version"] for each in self.confirmed(self.family(packet)))

    def standing(self) -> list[Row]:
        """The packets that count."""
        return [each for each in self.confirmed(self.packets) if not self.outlived(each)]

    # --- what is lacking ----------------------------------------------------------------------------------------------

    def lacks(self) -> dict[Lack, Any]:
        """Return everything that stands between the exam and its end at the centre, as the facts are."""
        found: dict[Lack, Any] = {}
        for part in (
            self._places(),
            self._undecided(),
            self._second(),
            self._fewer(covered=False),
            self._balances(),
            self._after(),
            self._asked(),
            self._statuses(),
            self._gaps(),
            self._elsewhere(),
            self._unheard(),
            self._forms_missing(),
            self._late(),
            self._no_recording(),
            self._journals_doubted(),
            self._heads(),
            self._unplaced(covered=False),
            self._contested(covered=False),
            self._went_back(),
            self._told(),
        ):
            found |= part
        return found

    def covered(self) -> set[Lack]:
        """Return what a GEK member's act covers: nobody has to do anything, and yet it is not green."""
        acts = {("act", each["sha256"]) for each in self.standing() if each["document"].get("closed_with_act")}
        return acts | set(self._fewer(covered=True)) | set(self._balances(by_act=True)) | self._sets_by_act()

    def _told(self) -> dict[Lack, Any]:
        """What the highest word of each node of the point leaves open of the exam."""
        sql = "SELECT w.node, w.said FROM rcoi_pointstanding w JOIN stations_sitting s"
        sql += " ON s.point_id = w.point_id AND s.date = w.date WHERE s.id = %s ORDER BY w.number"
        newest = {each["node"]: plain(each["said"]) for each in rows(sql, self.sitting)}
        return {
            ("told", f"{key} {node} {matter['code']} {matter['place']}"): ""
            for node, said in newest.items()
            for key, matters in said.items()
            if key.endswith(f"-{self.subject}")
            for matter in matters
        }

    def _places(self) -> dict[Lack, Any]:
        kinds = {"voice": "audio", "written": "blanks"}
        wanted = {(number, kinds[use["kind"]]) for number, use in self.rooms.items() if use["kind"] in kinds}
        came = {(each["room"], each["kind"]) for each in self.standing()}
        return {("packet", room): "" for room, kind in wanted | {("", "forms")} if (room, kind) not in came}

    def _undecided(self) -> dict[Lack, Any]:
        found: dict[Lack, Any] = {}
        for each in self.packets:
            if each["state"] == "acknowledged" or self.outlived(each):
                continue
            better = [
                other
                for other in self.confirmed(self.packets)
                if (other["kind"], other["room"]) == (each["kind"], each["room"])
                and (
                    (other["received_at"], other["id"]) > (each["received_at"], each["id"])
                    or other["version"] > each["version"]
                )
            ]
            if each["state"] in WORKING or not better:
                found["undecided", each["sha256"]] = each["state"]
        return found

    def _by_room(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for each in sorted(self.standing(), key=lambda each: (each["received_at"], each["id"])):
            if each["kind"] in SHEETS:
                found.setdefault(each["room"], []).append(each)
        return found

    def _second(self) -> dict[Lack, Any]:
        """Two packets of a room, neither of which replaces the other."""
        return {
            ("second", each["sha256"]): (first["uid"], each["uid"])
            for first, *others in self._by_room().values()
            for each in others
        }

    def _fewer(self, *, covered: bool) -> dict[Lack, Any]:
        """Sheets that an earlier version had, and neither the next one nor the newest has."""
        found: dict[Lack, Any] = {}
        for newest in self.standing():
            if newest["kind"] not in SHEETS:
                continue
            versions = self.confirmed(self.family(newest))
            for before, after in pairwise(versions):
                lost = self._lost(before, after, newest, versions)
                if lost:
                    by_act = bool(self._acts(after) - {each[0] for each in self._acts_with_hash(before)})
                    if by_act is covered:
                        where = f"{newest['sha256']} {before['version']}"
                        found["fewer", where] = (before["version"], after["version"], lost)
        return found

    def _lost(self, before: Row, after: Row, newest: Row, versions: list[Row]) -> Any:
        had, now, last = (Counter(form for _number, form in self.forms[each["id"]]) for each in (before, after, newest))
        kinds = {form for form in had if form and had[form] > max(now[form], last[form])}
        known = {each["id"] for each in versions if each["version"] <= before["version"]}
        asked = [plain(each["numbers"]) for each in self.requests if each["packet_id"] in known]
        whole = any(not numbers for numbers in asked)
        allowed = {number for numbers in asked for number in numbers}
        there = {number for each in (after, newest) for number, _form in self.forms[each["id"]]}
        # What the centre asked for may come under another number, but not less often.
        gone = {
            number
            for number, form in self.forms[before["id"]]
            if number and number not in there and (form in kinds or not (whole or number in allowed))
        }
        return (tuple(sorted(kinds)), tuple(sorted(gone))) if kinds or gone else None

    def _acts_with_hash(self, packet: Row) -> set[tuple[str, str]]:
        sql = "SELECT * FROM rcoi_inboxact WHERE packet_id = %s AND kind = 'room_difference'"
        return {
            (each["sha256"], each["room"])
            for each in rows(sql, packet["id"])
            if each["room"] in (packet["room"], packet["room"] or "HQ") and not _words(each["problem"])
        }

    def _acts(self, packet: Row) -> set[str]:
        """The acts of a GEK member about a difference in this very room, whose signature holds."""
        return {sha256 for sha256, _room in self._acts_with_hash(packet)}

    def _balances(self, *, by_act: bool = False) -> dict[Lack, Any]:
        """Seated − absent = registration forms on the card = in the packet; and what was printed has come."""
        found: dict[Lack, Any] = {}
        sets = self._printed()
        for each in self.standing():
            use = self.rooms.get(each["room"])
            if use is None or each["kind"] not in ("blanks", "audio"):
                continue
            card, acts = each["document"].get("card") or {}, self._acts(each)
            came = sum(form == "R" for _number, form in self.forms[each["id"]])
            absent, typed = card.get("absent_count"), card.get("registration_count")
            present = None if absent is None else use["seats"] - absent
            if not (present == typed == came) and bool(acts) is by_act:
                found["seats", each["sha256"]] = (use["seats"], absent, typed, came)
            used = sets.get(each["room"], set())
            listed = each["document"].get("sets")
            known = {(station.lstrip("0"), one) for station, some in (listed or {}).items() for one in some}
            new = used - known if listed is not None else set()
            covered = bool(acts) and not new
            if (new or len(used) > came) and covered is by_act:
                found["sets", each["sha256"]] = (len(used), came, tuple(sorted(new or used)))
        return found

    def _printed(self) -> dict[str, set[tuple[str, int]]]:
        """Room → the sets that went to people, by the longest journal of each station that the centre has."""
        if self.oral:
            return {}
        longest: dict[tuple[str, str], tuple[int, Any]] = {}
        for packet in self.standing():
            if packet["kind"] != "status":
                continue
            sql = "SELECT * FROM rcoi_inboxjournal WHERE packet_id = %s AND kind = 'print' ORDER BY id"
            for each in rows(sql, packet["id"]):
                place, sets = (each["room"], each["station"].lstrip("0")), plain(each["sets"])
                if sets and each["entry_count"] >= longest.get(place, (0, None))[0]:
                    longest[place] = (each["entry_count"], sets)
        found: dict[str, set[tuple[str, int]]] = {}
        for (room, station), (_length, sets) in longest.items():
            used = {(station, each["set"]) for each in sets if not (each.get("spoiled") or each.get("unused"))}
            found.setdefault(room, set()).update(used)
        return found

    def _answers(self, packet: Row) -> bool:
        """Whether it is what the centre asked for: the first version that came after the request."""
        for each in self.requests:
            (about,) = [one for one in self.packets if one["id"] == each["packet_id"]]
            later = [one for one in self.confirmed(self.family(about)) if one["version"] > about["version"]]
            later = [one for one in later if one["decided_at"] > moment(each["at"])]
            if later and min(later, key=lambda one: (one["decided_at"], one["id"]))["id"] == packet["id"]:
                return True
        return False

    def _after(self) -> dict[Lack, Any]:
        """Sheets that came though the point had said that all were handed over, and nobody had asked for them."""
        if not self.stands(TRANSFERRED):
            return {}
        reported = moment(self.records[TRANSFERRED]["reported_at"])
        return {
            ("after", each["sha256"]): each["sha256"]
            for each in self.standing()
            if each["kind"] in SHEETS and each["received_at"] > reported and not self._answers(each)
        }

    def _asked(self) -> dict[Lack, Any]:
        found: dict[Lack, Any] = {}
        for each in self.requests:
            (about,) = [one for one in self.packets if one["id"] == each["packet_id"]]
            if not self.outlived(about):
                found["rescan", f"{about['sha256']} {each['id']}"] = ""
        return found

    # --- statuses -----------------------------------------------------------------------------------------------------

    def _declared(self, name: str) -> list[Row]:
        good = [each for each in self.confirmed(self.packets) if each["kind"] == "status"]
        return [each for each in good if each["document"].get("status") == name]

    def stands(self, name: str) -> bool:
        """Whether a status came that the coordinator has not taken back."""
        record = self.records.get(name)
        if record is None:
            return False
        said = {datetime.fromisoformat(each["document"]["at"]) for each in self._declared(name)}
        last = moment(record["declared_at"])
        return last in said if record["state"] == "reported" else any(each > last for each in said)

    def _statuses(self) -> dict[Lack, Any]:
        return {("status", name): "" for name in STATUSES if not self.stands(name)}

    def _late(self) -> dict[Lack, Any]:
        """A status whose first packet was received after its deadline."""
        found: dict[Lack, Any] = {}
        (exam,) = rows(
            "SELECT s.date, s.deadlines, p.timezone FROM stations_sitting s"
            " JOIN stations_exampoint p ON p.id = s.point_id WHERE s.id = %s",
            self.sitting,
        )
        for name in STATUSES:
            due = datetime.fromisoformat(f"{exam['date']}T{plain(exam['deadlines'])[name]}:00")
            due = due.replace(tzinfo=ZoneInfo(exam["timezone"]))
            first: dict[str, Row] = {}
            for each in sorted(self._declared(name), key=lambda each: (each["decided_at"], each["id"])):
                first.setdefault(each["document"]["at"], each)
            for each in first.values():
                if each["received_at"] > due and not self.outlived(each):
                    found["late", each["sha256"]] = ""
        return found

    def _unheard(self) -> dict[Lack, Any]:
        """Stations of which neither a journal nor an act has come with the statuses."""
        statuses = [each for each in self.standing() if each["kind"] == "status"]
        heard: set[tuple[str, str]] = set()
        for each in statuses:
            sql = "SELECT kind, station FROM rcoi_inboxjournal WHERE packet_id = %s"
            heard |= {(one["kind"], one["station"].lstrip("0")) for one in rows(sql, each["id"])}
            sql = "SELECT station FROM rcoi_inboxact WHERE packet_id = %s AND kind = 'journal_missing'"
            heard |= {("", one["station"].lstrip("0")) for one in rows(sql, each["id"])}
        posts = rows(
            "SELECT s.number, s.kind FROM stations_stationpost p JOIN stations_station s ON s.id = p.station_id"
            " WHERE p.sitting_id = %s",
            self.sitting,
        )
        return {
            ("unheard", f"{each['sha256']} {post['kind']} {post['number']}"): ""
            for each in statuses
            for post in posts
            if post["kind"] in STATIONS[each["document"]["status"]]
            and not heard & {(post["kind"], post["number"].lstrip("0")), ("", post["number"].lstrip("0"))}
        }

    # --- what the checks see ------------------------------------------------------------------------------------------

    def _gaps(self) -> dict[Lack, Any]:
        """Packets of a node before which others are missing."""
        sql = "SELECT node, sequence FROM rcoi_inboxpacket WHERE sequence IS NOT NULL ORDER BY sequence"
        came: dict[str, list[int]] = {}
        for each in rows(sql):
            came.setdefault(each["node"], []).append(each["sequence"])
        found: dict[Lack, Any] = {}
        for each in self.packets:
            number, before = each["sequence"], [one for one in came[each["node"]] if one < each["sequence"]]
            if number != (before[-1] if before else 0) + 1 and not self.outlived(each):
                found["gap", each["sha256"]] = before[-1] if before else 0
        return found

    def _elsewhere(self) -> dict[Lack, Any]:
        """Sheets that stand in two packets."""
        found: dict[Lack, Any] = {}
        for each in self.standing():
            sql = (
                "SELECT DISTINCT s.number, p.sha256, p.version FROM rcoi_inboxsheet s"
                " JOIN rcoi_inboxpacket p ON p.id = s.packet_id"
                " WHERE s.number <> '' AND p.id <> %s AND p.state = 'acknowledged'"
                " AND s.number IN (SELECT number FROM rcoi_inboxsheet WHERE packet_id = %s)"
            )
            standing = {one["sha256"] for one in self.standing()}
            for one in rows(sql, each["id"], each["id"]):
                if one["sha256"] in standing:
                    found["elsewhere", f"{each['sha256']} {one['number']}"] = one["version"]
        return found

    def _forms_missing(self) -> dict[Lack, Any]:
        """What every exam must send besides the answers."""
        found: dict[Lack, Any] = {}
        wanted = dict.fromkeys((*OF_POINT, ORAL_SUMMARY if self.oral else SUMMARY), 1)
        collecting = [use for use in self.rooms.values() if use["kind"] != "preparation"]
        wanted |= dict.fromkeys(OF_ROOM, len(collecting))
        for each in self.standing():
            if each["kind"] == "forms":
                came = Counter(form for _number, form in self.forms[each["id"]])
                short = {form: came[form] for form, number in wanted.items() if came[form] < number}
                found |= {("forms", f"{each['sha256']} {form}"): number for form, number in short.items()}
        return found

    def _no_recording(self) -> dict[Lack, Any]:
        """Registration forms of an oral exam without a recorded answer."""
        found: dict[Lack, Any] = {}
        for each in self.standing():
            if each["kind"] == "audio":
                sql = "SELECT number FROM rcoi_inboxrecording WHERE packet_id = %s"
                heard = {one["number"] for one in rows(sql, each["id"])}
                for number, form in self.forms[each["id"]]:
                    if form == "R" and number and number not in heard:
                        found["recording", f"{each['sha256']} {number}"] = ""
        return found

    def scope(self, lack: Lack) -> Any:
        """What a person's word about a lack holds for: the place of some troubles, the very packet of the others."""
        kind, where = lack
        if kind in ("fewer", "second", "seats", "sets", "after", "head", "rewritten", "unplaced", "contested"):
            (packet,) = [each for each in self.packets if each["sha256"] == where.partition(" ")[0]]
            return packet["kind"], packet["room"]
        return where

    def _journals_doubted(self) -> dict[Lack, Any]:
        """Journals that do not hold by themselves, as the centre read them: unsigned, broken."""
        found: dict[Lack, Any] = {}
        for each in self.standing():
            sql = "SELECT name, problems FROM rcoi_inboxjournal WHERE packet_id = %s"
            for one in rows(sql, each["id"]):
                for place, _problem in enumerate(plain(one["problems"])):
                    found["journal", f"{each['sha256']} {one['name']} {place}"] = ""
        return found

    def _heads(self) -> dict[Lack, Any]:
        """Packets whose station's scan journal does not hold the line under which they were signed."""
        found: dict[Lack, Any] = {}
        journals, silent = self._scan_journals(), set()
        last = [each for each in self._declared(TRANSFERRED) if not self.outlived(each)]
        # A station of the registry is missed when the status comes, and one that signed when nobody is missed any more.
        missed = [each for each in self._unheard() if not self._looked_into(each)]
        for each in sorted(self.standing(), key=lambda each: (each["received_at"], each["id"])):
            head = each["header"].get("scan_head")
            if each["kind"] not in SHEETS or not head:
                continue
            station, number = head["station"].lstrip("0"), head["number"]
            if station in journals:
                line = journals[station][number : number + 1]
                if line != [head["sha256"]]:
                    found["rewritten" if line else "head", each["sha256"]] = (station, number)
            elif last and not missed and station not in silent and not self._excused(last, station):
                found["head", each["sha256"]] = (station,)
            silent.add(station)
        return found

    def _looked_into(self, lack: Lack) -> bool:
        """Whether a person has settled that a station was not heard."""
        sha256, _kind, number = lack[1].split(" ")
        sql = (
            "SELECT f.text FROM rcoi_inboxfinding f JOIN rcoi_inboxpacket p ON p.id = f.packet_id"
            " WHERE p.sha256 = %s AND f.code = 'station_missing' AND f.state = 'settled'"
        )
        return any(number in str(each["text"]) for each in rows(sql, sha256))

    # --- preparation rooms --------------------------------------------------------------------------------------------

    def _sets_by_act(self) -> set[Lack]:
        return set(self._unplaced(covered=True)) | set(self._contested(covered=True))

    def _handed_out(self) -> dict[str, tuple[set[tuple[str, int]], Row, Any]]:
        """Preparation room → its used sets, the last packet that told of them, and when its last journal ended."""
        found: dict[str, tuple[set[tuple[str, int]], Row, Any]] = {}
        longest: dict[tuple[str, str], int] = {}
        for packet in sorted(self.standing(), key=lambda each: each["id"]):
            sql = "SELECT * FROM rcoi_inboxjournal WHERE packet_id = %s AND kind = 'print' ORDER BY id"
            for each in rows(sql, packet["id"]) if packet["kind"] == "status" else ():
                room, place = each["room"], (each["room"], each["station"].lstrip("0"))
                if self.rooms.get(room, {}).get("kind") != "preparation" or not plain(each["sets"]):
                    continue
                if each["entry_count"] >= longest.get(place, 0):
                    longest[place] = each["entry_count"]
                    used = {
                        (place[1], one["set"])
                        for one in plain(each["sets"])
                        if not (one.get("spoiled") or one.get("unused"))
                    }
                    others = {one for one in found[room][0] if one[0] != place[1]} if room in found else set()
                    ended = [one for one in (each["closed_at"], found[room][2] if room in found else None) if one]
                    found[room] = used | others, packet, max(map(moment, ended), default=None)
        return found

    def _holders(self, one: tuple[str, int]) -> list[Row]:
        return [
            each
            for each in self.standing()
            if each["kind"] in ("blanks", "audio")
            and one
            in {(key.lstrip("0"), n) for key, some in (each["document"].get("sets") or {}).items() for n in some}
        ]

    def _unplaced(self, *, covered: bool) -> dict[Lack, Any]:
        """Sets that were handed out, and lie in none of the voice rooms' packets though all of these are here."""
        if any(kind == "packet" and room for kind, room in self._places()):
            return {}
        found: dict[Lack, Any] = {}
        for room, (used, packet, ended) in self._handed_out().items():
            lost = tuple(sorted(one for one in used if not self._holders(one)))
            acts = [
                act
                for each in self.standing()
                if each["kind"] == "status"
                for act in rows(
                    "SELECT * FROM rcoi_inboxact WHERE packet_id = %s AND kind = 'room_difference'", each["id"]
                )
                if act["room"] == room and not _words(act["problem"])
            ]
            told = any(ended is None or (act["made_at"] and moment(act["made_at"]) > ended) for act in acts)
            if lost and told is covered:
                found["unplaced", packet["sha256"]] = lost
        return found

    def _contested(self, *, covered: bool) -> dict[Lack, Any]:
        """Sets that came with more than one voice room."""
        found: dict[Lack, Any] = {}
        for used, _packet, _ended in self._handed_out().values():
            for one in used:
                holders = sorted(self._holders(one), key=lambda each: each["id"])
                if len(holders) > 1 and all(self._acts(each) for each in holders) is covered:
                    where = f"{holders[-1]['sha256']} {one[0]} {one[1]}"
                    found["contested", where] = (one, tuple(sorted(each["room"] for each in holders)))
        return found

    def _excused(self, statuses: list[Row], station: str) -> bool:
        """Whether an act instead of a station's journal came."""
        sql = "SELECT * FROM rcoi_inboxact WHERE packet_id = %s AND kind = 'journal_missing'"
        acts = [act for each in statuses for act in rows(sql, each["id"]) if not _words(act["problem"])]
        return station in {each["station"].lstrip("0") for each in acts}

    def _scan_journals(self) -> dict[str, list[str]]:
        """Station → the SHA-256 of each line of the longest scan journal that the centre has of it."""
        found: dict[str, tuple[int, list[str]]] = {}
        for packet in self.standing():
            if packet["kind"] == "status":
                sql = "SELECT * FROM rcoi_inboxjournal WHERE packet_id = %s AND kind = 'scan' ORDER BY id"
                for each in rows(sql, packet["id"]):
                    blob, station = bytes(each["line_digests"] or b""), each["station"].lstrip("0")
                    lines = [blob[place : place + 32].hex() for place in range(0, len(blob), 32)]
                    if each["entry_count"] >= found.get(station, (0, []))[0]:
                        found[station] = each["entry_count"], lines
        return {station: lines for station, (_length, lines) in found.items()}

    def _went_back(self) -> dict[Lack, Any]:
        """Packets of a node that were signed no further on in its event log than the one before."""
        found: dict[Lack, Any] = {}
        sql = "SELECT sha256, node, header FROM rcoi_inboxpacket WHERE sequence IS NOT NULL ORDER BY sequence"
        before: dict[tuple[str, str], int] = {}
        here = {each["sha256"]: each for each in self.packets}
        for each in rows(sql):
            head = plain(each["header"]).get("audit_head")
            if head:
                chain, number = (each["node"], head["chain"]), head["number"]
                own = here.get(each["sha256"])
                if number <= before.get(chain, -1) and own is not None and not self.outlived(own):
                    found["back", each["sha256"]] = (number, before[chain])
                before[chain] = number
        return found


def _words(message: Any) -> bool:
    """Whether a column of sentences says anything."""
    said = plain(message) if message else None
    return bool(said and (not isinstance(said, dict) or said.get("ru") or said.get("text")))

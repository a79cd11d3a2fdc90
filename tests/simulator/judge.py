"""What must hold after every step, whatever happened: of the point, of the centre, and between them."""

import hashlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.simulator.world import HQ, RCOI, FaultError, World

#: Words of the product → words of the reference (tests.day.machine has the same; importing it needs the portal).
WORDS = {
    "journal": "journal",
    "scan_journal": "scan_journal",
    "scan_journal_behind": "scan_journal",
    "packet": "packet",
    "room_open_again": "packet",
    "room_balance": "packet",
    "status_exams_finished": "status",
    "status_blanks_transferred": "status",
    "status_outgrown": "status",
    "status_version": "status",
}
_PLACES = {"exams_finished", "blanks_transferred"}
#: A packet waits for a person for these reasons only: its own content, or what a person must do.
_LINE = frozenset({"session_refused", "transfer_not_logged_in", "transfer_later", "malformed_document"})


def _hold(holds: Any, kind: str, text: Any) -> None:
    if not holds:
        raise FaultError(kind, str(text))


class Judge:
    """Everything that was ever said, and whether it still is so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.point: dict[str, Any] = {}
        self.centre: dict[str, Any] = {}
        self.issued: dict[int, tuple[str, str, str]] = {}
        self.told: dict[int, tuple[str, str, str]] = {}
        self.published: dict[int, str] = {}
        self.numbered: dict[int, str] = {}
        self.feed: dict[int, str] = {}
        self.kept: dict[str, str] = {}
        self.packets: dict[tuple[str, int], str] = {}
        self.files: dict[tuple[Path, int, int], str] = {}
        self.seen: dict[str, tuple[int, ...]] = {}
        self.before: dict[tuple[str, str], str] = {}
        self.concluded: Any = None

    def begin(self) -> None:
        """Look at the beginning."""
        self.look()

    def look(self, *, worked: bool = False) -> None:
        """Judge both nodes where something was committed since."""
        world = self.world
        for kind in (HQ, RCOI):
            written = world.nodes[kind].written()
            if self.seen.get(kind) == written:
                continue
            done = world.do(kind, "look")
            assert done is not None
            _hold(not done.refused, "look refused", done.refused)
            if kind == HQ:
                self.point = done.result
            else:
                self.centre = done.result
            self.seen[kind] = world.nodes[kind].written()
        # The centre first: what it issued is what the point may have.
        self._centre()
        self._point()
        self.concluded = [
            {key: (own["open"], own.get("over", own.get("clean"))) for key, own in node["exams"].items()}
            for node in (self.point, self.centre)
        ]
        if worked:
            self.agree()

    # --- the point ---------------------------------------------------------------------------------------------------

    def _point(self) -> None:
        exams = self.point["exams"]
        for key, own in exams.items():
            unsaid = set(own["reference"]) - self._said(own)
            _hold(not unsaid, "owed and not said", f"{key}: {sorted(unsaid)}, said {own['open']}")
            _hold(own["over"] == (not own["open"]), "over and open", own)
        owed = {key: own["reference"] for key, own in exams.items() if own["reference"]}
        _hold(not owed or not any(own["day_over"] for own in exams.values()), "go home", owed)
        _hold(not self.point["empty"], "a card that nobody filled in", self.point["empty"])
        self._point_packets()
        self._point_words()

    @staticmethod
    def _said(own: dict[str, Any]) -> set[tuple[str, str]]:
        found = set()
        for code, place in own["open"]:
            if code == "stations":
                continue
            _hold(code in WORDS, "unknown word", code)
            found.add((WORDS[code], place))
        return found

    def agree(self) -> None:
        """Nothing is said to be owed that is not: once the node has done what it does by itself."""
        exams = self.point["exams"]
        for key, own in exams.items():
            extra = self._said(own) - set(own["reference"])
            _hold(not extra, "said and not owed", f"{key}: {sorted(extra)}, said {own['words']}")

        for subject, room in self.point["spoiled"]:
            own = self.point["exams"][next(key for key in exams if key.endswith(f"-{subject}"))]
            _hold(("packet", room) in self._said(own), "a spoiled set was sent", (subject, room))

    def _point_packets(self) -> None:
        words = Counter(each[2] for each in self.point["receipts"] if each[1] == "acknowledged")
        for each in self.point["packets"]:
            uid, version, state = each["uid"], each["version"], each["state"]
            if each["sha256"] and each["signed_at"] is not None:
                self._stands(HQ, each["path"], each["sha256"])
                known = self.packets.setdefault((uid, version), each["sha256"])
                back = self.world.put_backs[HQ]
                _hold(back or known == each["sha256"], "two files of a version", (uid, version))
                again = self.numbered.setdefault(each["sequence"], each["sha256"]) if each["sequence"] else ""
                _hold(again in ("", each["sha256"]), "a packet number given twice", each)
            _hold(state != "acknowledged" or words[each["sha256"]], "confirmed without a receipt", each)
            _hold(
                state != "stuck"
                or each["last_error_code"] not in _LINE
                or each["signed_at"] is None
                or each["last_error_code"] == "transfer_later",
                "a person waits for a line",
                each,
            )
        for path, sha256 in self.point["files"]:
            self._stands(HQ, path, sha256)
        signed = [each["sequence"] for each in self.point["packets"] if each["sequence"] is not None]
        _hold(len(signed) == len(set(signed)), "a packet number given twice", signed)
        expected = [number for number in range(1, max(signed, default=0) + 1) if not self._lost(self.point, number)]
        _hold(set(expected) <= set(signed), "a hole in the packets", sorted(set(expected) - set(signed)))

    @staticmethod
    def _lost(node: dict[str, Any], number: int, series: str = "packet:") -> bool:
        return any(name.startswith(series) and after < number <= to for name, after, to in node["gaps"])

    def _point_words(self) -> None:
        for number, level, file, sha256 in self.point["receipts"]:
            said = self.issued.get(number)
            _hold(said is not None, "a receipt that nobody issued", number)
            known = self.told.setdefault(number, (level, file, sha256))
            _hold(
                known == (level, file, sha256), "a receipt number given twice", (number, known, (level, file, sha256))
            )
        numbers = [each[0] for each in self.point["feed"]]
        lost = set(range(1, max(numbers, default=0) + 1)) - set(numbers)
        unsaid = {number for number in lost if not self._lost(self.centre, number, "feed:")}
        _hold(not unsaid or self.world.put_backs[RCOI], "a feed item is missing", sorted(unsaid))
        _hold(self.point["read"] <= max(numbers, default=0), "the feed was read further than it is kept", numbers)
        for number, sha256, _problem in self.point["feed"]:
            known_hash = self.feed_told.setdefault(number, sha256)
            _hold(known_hash == sha256, "a feed number given twice", number)

    @property
    def feed_told(self) -> dict[int, str]:
        """Feed number → SHA-256 of what the point was told under it."""
        return self.feed

    # --- the centre --------------------------------------------------------------------------------------------------

    def _centre(self) -> None:
        numbers = []
        for number, level, file, sha256 in self.centre["receipts"]:
            numbers.append(number)
            known = self.issued.setdefault(number, (level, file, sha256))
            _hold(known == (level, file, sha256), "a receipt number given twice", (number, known, file))
        self._without_holes(numbers, "receipt")
        feed = self.centre["feed"]
        self._without_holes([each[0] for each in feed], "feed:")
        for number, own, _prev in feed:
            _hold(self.published.setdefault(number, own) == own, "a feed number given twice", number)
        for (number, own, _prev), (_next, _own, prev) in pairwise(feed):
            _hold(own == prev or self.world.put_backs[RCOI], "the feed is not chained", number)
        effects = Counter(
            (each["uid"], each["version"])
            for each in self.centre["packets"]
            if each["uid"] and each["state"] != "rejected"
        )
        twice = [key for key, times in effects.items() if times > 1]
        _hold(not twice, "two effects of a packet", twice)
        for each in self.centre["packets"]:
            if each["path"] and each["state"] != "rejected":
                self.kept[each["sha256"]] = each["path"]
        said = Counter((each[2], each[1]) for each in self.centre["receipts"])
        again = [key for key, times in said.items() if times > 1]
        _hold(not again, "the same said twice", again)
        rows = {each["sha256"]: each["state"] for each in self.centre["packets"]}
        for sha256, level in said:
            _hold(sha256 in rows, "a receipt for nothing", sha256)
            _hold(
                level != "acknowledged" or rows[sha256] == "acknowledged", "confirmed unopened", (sha256, rows[sha256])
            )
        self._one_for_a_room()
        self._undone()
        for key, own in self.centre["exams"].items():
            told = f"{key}: {own['unsaid']}, said {own['open']} {own['words']}"
            _hold(not own["unsaid"], "lacking at the centre and not said", told)
            _hold(not own["unfounded"], "said at the centre and not lacking", f"{own['unfounded']} of {key}")
            _hold(not own["green"], "green though something is lacking", told)
        for sha256, path in self.kept.items():
            self._stands(RCOI, path, sha256)

    def _one_for_a_room(self) -> None:
        """Of two packets that stand for one room the second is a matter for a person."""
        standing: dict[tuple[str, str, str], list[str]] = {}
        for each in self.centre["packets"]:
            codes = [reason.get("code") for reason in each["reasons"]]
            _hold("sequence_fork" not in codes, "a packet number given twice", each)
            if each["state"] == "acknowledged" and not each["superseded_by__uid"] and each["kind"] != "status":
                place = (each["sitting__subject__code"], each["kind"], each["room"])
                standing.setdefault(place, []).append(each["sha256"])
        for place, rows in standing.items():
            unsaid = [each for each in rows if each not in self.centre["second"]]
            _hold(len(unsaid) < 2, "two packets of a room", place)

    def _undone(self) -> None:
        """«Exams finished» is not undone while «Blanks transferred» stands."""
        before, now = self.before, self.centre["statuses"]
        for (subject, status), state in now.items():
            if status == "exams_finished" and state == "undone" and before.get((subject, status)) == "reported":
                last = (subject, "blanks_transferred")
                both = before.get(last) == "reported" == now.get(last)
                _hold(not both or self.world.put_backs[RCOI], "an undo out of order", subject)
        self.before = dict(now)

    def _without_holes(self, numbers: list[int], series: str) -> None:
        holes = [each for each in range(1, max(numbers, default=0) + 1) if each not in set(numbers)]
        unsaid = [each for each in holes if not self._lost(self.centre, each, series)]
        _hold(not unsaid, f"a hole in {series}", unsaid)

    def _stands(self, kind: str, path: str, sha256: str) -> None:
        """A file is there with its bytes; what was read once and has not been touched since is not read again."""
        whole = self.world.nodes[kind].data / path
        try:
            told = whole.stat()
        except FileNotFoundError:
            raise FaultError("a file is lost", f"{kind} {path}") from None
        key = (whole, told.st_ino, told.st_mtime_ns)
        if key not in self.files:
            self.files[key] = hashlib.sha256(whole.read_bytes()).hexdigest()
        _hold(self.files[key] == sha256, "a file has other bytes", f"{kind} {path}")

    # --- the end -----------------------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether both nodes say that nothing is owed any more."""
        here, there = self.point["exams"].values(), self.centre["exams"].values()
        return all(own["over"] for own in here) and all(own["settled"] for own in there)

    def names_what_is_open(self) -> str:
        """Return what keeps the day open, for each node."""
        found = []
        for name, node in (("point", self.point), ("centre", self.centre)):
            for key, own in node["exams"].items():
                if own["open"]:
                    found.append(f"{name} {key}: {own['open']} {own['words']}")
        states = [
            (each["kind"], each["room__number"], each["version"], each["state"]) for each in self.point["packets"]
        ]
        return "\n".join([*found, str(states), str(self.point["cards"]), str(self.point["statuses"])])

    def finish(self) -> None:
        """The day is over: every sheet that a standing journal names has come to the centre, or an act excuses it."""
        world = self.world
        came, excused = self._ask(RCOI, "sheets"), self._ask(HQ, "excused")
        standing = self._ask(HQ, "standing")
        for (_exam, room), own in world.stations.items():
            for numbers in world.brought.get((_exam, room), [])[-1:]:
                if standing.get(room) == hashlib.sha256(own.close()).hexdigest():
                    lost = set(numbers) - came - excused
                    _hold(not lost, "a sheet is lost", (room, sorted(lost)))
        for kind in (HQ, RCOI):
            said = self._ask(kind, "audit")
            _hold(not said, "the event log is broken", said)

    def _ask(self, kind: str, what: str) -> Any:
        done = self.world.do(kind, what)
        assert done is not None
        _hold(not done.refused, f"{what} refused", done.refused)
        return done.result

"""The technical specialist at the scanning desk: feeds, looks, reacts as a person would, closes rooms.

Nothing here knows what was planted. The specialist reads what the desk says, looks at the paper (truth.csv: what is
printed on a sheet, which room it belongs to, what is still in the envelope) and acts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from demo.actors import DemoToken, Specialist, choose, wait_for
from demo.web import ActorError, Refused, WebForm
from demo.words import russian
from drawing.plan import HQ, DayPlan, PointPlan, RoomPlan
from drawing.truth import PlacedScan
from wire.messages import Message

RECOGNITION_SECONDS = 150


@dataclass(frozen=True, slots=True)
class Seen:
    """Something the desk said about a room."""

    point: str
    room: str
    kind: str
    number: str
    file: str
    text: str


@dataclass
class Desk:
    """The scanning desk of one sitting."""

    player: Specialist
    plan: DayPlan
    point: PointPlan
    placed: list[PlacedScan]
    token: DemoToken
    recordings: Callable[[str, bool], list[tuple[str, bytes]]]
    seen: list[Seen] = field(default_factory=list)
    closed_with_act: list[str] = field(default_factory=list)
    recounted: list[str] = field(default_factory=list)

    @property
    def sitting(self) -> str:
        """Key of the sitting."""
        return self.plan.sitting(self.point)

    @property
    def rooms(self) -> list[str]:
        """The rooms of the desk, the HQ last."""
        return [*(room.number for room in self.point.rooms), HQ]

    @property
    def fed(self) -> int:
        """How many pages of the point go through the scanner on the day."""
        return sum(each.row.point == self.point.code for each in self.placed)

    def path(self, room: str = "") -> str:
        """Return the address of the desk or of a room."""
        return f"/scanning/{self.sitting}/{room}/" if room else f"/scanning/{self.sitting}/"

    def state(self, room: str) -> dict[str, Any]:
        """Return what the desk knows about a room."""
        state: dict[str, Any] = self.player.browser.json(f"{self.path(room)}state.json")
        return state

    # --- feeding ---

    def enter_card(self, room: RoomPlan) -> None:
        """Type the counts written on the room's envelope into its card."""
        page = self.player.browser.get(self.path(room.number))
        form = page.form("card")
        counts = {
            "registration_count": room.registrations,
            "dbo_count": len(room.dbo),
            "absent_count": room.absent,
            "not_finished_count": room.not_finished,
        }
        if room.slip and room.number not in self.recounted:
            counts[room.slip] += 1
        said = {name: str(count) for name, count in counts.items() if name in form.values}
        answer = self.player.browser.send(page, "card", said)
        _refuse(answer.messages)

    def feed(self, room: str, placed: Iterable[PlacedScan]) -> int:
        """Scan files of a pile into a room; returns how many."""
        files = [(each.path.name, each.path.read_bytes()) for each in placed]
        if files:
            self.player.browser.submit(self.path(room), "upload", files=files)
        return len(files)

    def pile(self, room: str, *, late: bool) -> list[PlacedScan]:
        """Return the sheets that lie on a pile now, or those that turn up later."""
        mine = [each for each in self.placed if each.row.point == self.point.code and each.row.pile == room]
        return [each for each in mine if each.scan.late == late]

    def feed_everything(self) -> None:
        """Fill every card in and scan every pile; recordings of voice rooms follow their sheets."""
        for room in self.point.rooms:
            self.enter_card(room)
            self.feed(room.number, self.pile(room.number, late=False))
            files = self.recordings(room.number, False)
            if files:
                self.player.browser.submit(self.path(room.number), "recordings", files=files)
        self.feed(HQ, self.pile(HQ, late=False))

    def wait_read(self, room: str) -> dict[str, Any]:
        """Wait until everything of a room is read and compared; what the desk says is kept."""

        def look() -> dict[str, Any] | None:
            state = self.state(room)
            if state["unread"] or not state["received"] or state["state"] in ("waiting", "open", "scanning"):
                return None
            self.note(room, state)
            return state

        return wait_for(look, what=f"{self.sitting} {room}: recognition", seconds=RECOGNITION_SECONDS, pause=0.5)

    # --- looking ---

    def note(self, room: str, state: dict[str, Any]) -> None:
        """Keep what the desk says, once."""
        files = {str(sheet["id"]): sheet["file"] for sheet in state["sheets"]}
        for row in state["discrepancies"]:
            file = files.get(str(row.get("sheet") or ""), "")
            self._keep(Seen(self.point.code, room, row["kind"], row.get("number") or "", file, row.get("text") or ""))
        for sheet in state["sheets"]:
            for code in sheet["findings"]:
                number = sheet.get("number") or ""
                self._keep(Seen(self.point.code, room, code, number, sheet["file"], ""))
        for recording in state["recordings"]:
            for code in recording["findings"]:
                self._keep(Seen(self.point.code, room, code, "", recording["name"], ""))

    def _keep(self, seen: Seen) -> None:
        if seen not in self.seen:
            self.seen.append(seen)

    def paper(self, file: str) -> PlacedScan:
        """Look at the paper that a file was scanned from.

        Raises:
            ActorError: No such file was ever scanned here.
        """
        for each in self.placed:
            if each.row.point == self.point.code and each.path.name == file:
                return each
        raise ActorError(f"{self.sitting}: the desk speaks of a file {file!r} that nobody scanned")

    # --- reacting ---

    def decide(self, room: str, sheet: str, action: str, *, to: str = "", **said: str) -> None:
        """Decide about one sheet; what the form does not ask is left out."""
        page = self.player.browser.get(self.path(room))
        form = page.form(f"decide-{sheet}")
        asked = {name: value for name, value in said.items() if name in form.values or name in form.options}
        values = {"action": choose(form, "action", action), **asked}
        if "reason" in form.options and "reason" in values:
            values["reason"] = choose(form, "reason", values["reason"], form.options["reason"][-1][0])
        if to:
            values["room"] = choose(form, "room", to)
        _refuse(self.player.browser.send(page, form.id, values).messages)

    def react(self, room: str, row: dict[str, Any], state: dict[str, Any]) -> bool:
        """Do what a person does about one discrepancy; returns whether anything was done."""
        sheet = str(row.get("sheet") or "")
        files = {str(each["id"]): each["file"] for each in state["sheets"]}
        if not sheet or sheet not in files:
            return False
        paper = self.paper(files[sheet])
        match row["kind"]:
            case "unreadable":
                reason = russian(Message("Ink over the codes, the number is typed from the paper."))
                self.decide(room, sheet, "set_number", number=paper.row.number, reason=reason)
            case "foreign" if paper.row.owner not in ("", room):
                self.decide(
                    room, sheet, "move", to=paper.row.owner, reason=russian(Message("A sheet of another room."))
                )
            case "twice":
                self.decide(room, sheet, "discard", reason=russian(Message("Scanned twice.")))
            case "unknown" | "foreign":
                self.decide(
                    room,
                    sheet,
                    "discard",
                    reason=russian(Message("The form was not printed at this point, laid aside.")),
                )
            case _:
                return False
        return True

    def first_look(self) -> None:
        """Wait for recognition of every room, keep what the desk says, react to every sheet it stumbles over."""
        for room in self.rooms:
            self.wait_read(room)
        for room in self.rooms:
            self._react_all(room)

    def _react_all(self, room: str) -> None:
        for _round in range(12):
            state = self.wait_read(room)
            # `any` stops at the first reaction: a decision about one sheet may settle the next row of the list.
            if not any(self.react(room, row, state) for row in state["discrepancies"]):
                return

    def search_envelopes(self) -> None:
        """Look for the sheets the desk misses in the envelopes, and scan those that are there."""
        for room in self.rooms:
            missed = {row.get("number") for row in self.state(room)["discrepancies"] if row["kind"] == "missing"}
            self.feed(room, [each for each in self.pile(room, late=True) if each.row.number in missed])
        for room in self.rooms:
            self.wait_read(room)

    def recount_cards(self) -> None:
        """Count again what lies on the table of every room whose card the desk doubts, and correct its card."""
        for room in self.point.rooms:
            doubts = [each for each in self.state(room.number)["blockers"] if each["code"] in ("balance", "dbo")]
            for each in doubts:
                self._keep(Seen(self.point.code, room.number, each["code"], "", "", each["text"]))
            if doubts:
                self.recounted.append(room.number)
                self.enter_card(room)

    def mend_recordings(self) -> None:
        """Bring cut recordings from their stations again; a silent one stays what it is."""
        for room in self.point.rooms:
            broken = {each["name"] for each in self.state(room.number)["recordings"] if "cut" in each["findings"]}
            files = [each for each in self.recordings(room.number, True) if each[0] in broken]
            if files:
                self.player.browser.submit(self.path(room.number), "recordings", files=files)

    def scan_again(self, note: str) -> list[str]:
        """Scan the sheets that the centre asked for again; returns their rooms, waited for and compared."""
        again = [each for each in self.placed if each.row.point == self.point.code and each.row.note == note]
        rooms = sorted({each.row.pile for each in again})
        for room in rooms:
            wait_for(
                lambda room=room: None if self.state(room)["state"] in ("closed", "packed") else room,  # type: ignore[misc]
                what=f"{self.sitting} {room}: the centre's wish",
            )
            self.feed(room, [each for each in again if each.row.pile == room])
            self.wait_read(room)
        return rooms

    # --- closing ---

    def close_rooms(self) -> None:
        """Close every room, with an act where a difference cannot be mended."""
        for room in self.rooms:
            self.close(room)

    def close(self, room: str) -> None:
        """Close one room."""

        def look() -> dict[str, Any] | None:
            state = self.wait_read(room)
            return state if state["state"] in ("reconciled", "discrepant") and not self._waiting(state) else None

        state = wait_for(look, what=f"{self.sitting} {room}: the balance")
        page = self.player.browser.get(self.path(room))
        if state["state"] == "reconciled" and not state["blockers"]:
            _refuse(self.player.browser.send(page, "close").messages)
            return
        words = "; ".join(row["text"] for row in (*state["blockers"], *state["discrepancies"]) if row.get("text"))
        form = page.form("close-act")
        said = self._act(form, words)
        _refuse(self.player.browser.send(page, "close-act", said).messages)
        self.closed_with_act.append(room)

    @staticmethod
    def _waiting(state: dict[str, Any]) -> bool:
        return any(not recording.get("state") or recording["state"] == "received" for recording in state["recordings"])

    def _act(self, form: WebForm, words: str) -> dict[str, str]:
        reason = russian(Message("The participant did not answer: a recording without speech."))
        if "reason" in form.options:
            reason = choose(form, "reason", reason, form.options["reason"][-1][0])
        text = russian(Message("The difference was checked by paper and recording: {words}", words=words))[:900]
        token = choose(form, "token", self.token.path.name, self.token.person.full_name)
        return {"reason": reason, "text": text, "token": token, "pin": self.token.pin}

    def end_scan(self) -> None:
        """Form the scanning station's journal."""
        self.player.browser.submit(self.path(), "end-scan")

    def conclusions(self) -> dict[str, dict[str, Any]]:
        """Return what the desk concluded about every file, with the room it ended up in."""
        found = {}
        for room in self.rooms:
            for sheet in self.state(room)["sheets"]:
                found[sheet["file"]] = {**sheet, "room": room}
        return found


def _refuse(messages: Iterable[Any]) -> None:
    refused = [message for message in messages if message.level == "error"]
    if refused:
        raise Refused(refused)

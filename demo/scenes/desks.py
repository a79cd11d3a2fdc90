"""What the scenes share: the three exams' desks, what the people read on pages and papers, and how they insist."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from demo import checks, steps
from demo.actors import Specialist, wait_for
from demo.checks import CheckFailedError
from demo.harness import Harness
from demo.recognised import Desk
from demo.web import Refused
from demo.words import russian
from drawing.plan import TRANSFERRED
from wire.messages import Message

MAY_GO = Message("The regional centre has accepted the status, everybody may go home.")
EXAM_OVER = Message("This exam is over.")
OTHERS_OPEN = Message("Too early to go home: other exams of the day are not over")
_CLOSED = Message("Closed")
OPENED_AGAIN = Message("Too early to go home: something was opened again after “Blanks transferred”.")


def desks(stage: Harness) -> list[Desk]:
    """Return the desk of each exam, with its own sheets alone: the piles of the HQ lie side by side."""
    return [
        replace(
            steps.desk(stage, exam),
            placed=[
                each for each in stage.placed if each.row.point == exam.code and each.scan.spec.subject == exam.subject
            ],
        )
        for exam in stage.plan.crowd
    ]


def room_of(desk: Desk) -> str:
    """Return the one room of an exam."""
    return desk.point.rooms[0].number


def read(text: str) -> str:
    """Return what a person reads on a page."""
    bare = re.sub(r"(?s)<(script|style|template)\b.*?</\1>|<[^>]*>", " ", text)
    return re.sub(r" (?=[,.;:])", "", " ".join(bare.replace("&quot;", '"').split()))


def today(stage: Harness, desk: Desk) -> str:
    """Read the page of the day at an exam."""
    key = f"{stage.plan.region}-{desk.point.code}"
    return read(desk.player.browser.get(f"/today/{key}/?sitting={desk.sitting}").text)


def ending(desk: Desk) -> str:
    """Read the page of the packets: it says whether people may go home."""
    return read(desk.player.browser.get(f"/transfers/{desk.sitting}/").text)


def centre_says(stage: Harness, desk: Desk) -> str:
    """Read the centre's page of an exam."""
    return read(stage.centre["rcoi_operator"].browser.get(f"/centre/statuses/{desk.sitting}/").text)


def green(stage: Harness, desk: Desk) -> bool:
    """Whether the centre shows an exam as closed, in green."""
    text = stage.centre["rcoi_operator"].browser.get(f"/centre/statuses/{desk.sitting}/").text
    return re.search(rf'class="chip ok"[^>]*>\s*{russian(_CLOSED)}\s*<', text) is not None


def wait_until_green(stage: Harness, desk: Desk) -> None:
    """Wait for the centre to be green: the point says in a word of its own that nothing is open any more."""
    wait_for(lambda: green(stage, desk) or None, what=f"{desk.sitting} over, and green at the centre")


def insist(where: str, text: str, *wanted: Message | str, never: Iterable[Message] = ()) -> None:
    """Hold a text to what it must say, and to what it must not.

    Raises:
        CheckFailedError: It says otherwise.
    """
    words = [russian(each) if isinstance(each, Message) else each for each in wanted]
    lost = [each for each in words if each not in text]
    false = [word for each in never if (word := russian(each)) in text]
    if lost or false:
        raise CheckFailedError(f"{where}: does not say {lost}, says {false}: {text[:1500]}")


def require(holds: bool, what: str) -> None:
    """Refuse to go on when something is not so.

    Raises:
        CheckFailedError: It is not.
    """
    if not holds:
        raise CheckFailedError(what)


def refused(player: Specialist, sitting: str, *named: str) -> str:
    """Press the button of the last status: it must be refused, naming what is open. Returns what it says."""
    steps.too_early(player, sitting, TRANSFERRED, *named)
    try:
        player.send_status(sitting, TRANSFERRED)
    except Refused as refusal:
        return str(refusal)
    raise CheckFailedError(f"{sitting}: {TRANSFERRED} went out at the second press")


def newest(desk: Desk, kind: str = "blanks") -> dict[str, Any]:
    """Return the newest version of a packet of an exam."""
    packets = [each for each in desk.player.transfers(desk.sitting)["packets"] if each["kind"] == kind]
    found: dict[str, Any] = max(packets, key=lambda each: each["version"])
    return found


def wait_sealed(desk: Desk) -> None:
    """Wait until nothing of an exam is being built or sealed."""

    def sealed() -> bool | None:
        states = {each["state"] for each in desk.player.transfers(desk.sitting)["packets"]}
        return None if states & {"building", "sealing"} else True

    wait_for(sealed, what=f"{desk.sitting}: sealing")


def deliver(stage: Harness, desk: Desk, version: int, *, kind: str = "blanks") -> dict[str, Any]:
    """Build and sign what is ready, and wait until a version of a packet is confirmed; returns it.

    Raises:
        ActorError: It is not confirmed in time, or needs a person.
    """
    desk.player.build_packets(desk.sitting)
    wait_sealed(desk)
    desk.player.sign_packets(desk.sitting, stage.tokens[desk.point.code])

    def confirmed(packets: list[dict[str, Any]]) -> bool:
        mine = [each for each in packets if each["kind"] != "status"]
        there = any((each["kind"], each["version"]) == (kind, version) for each in mine)
        return there and all(each["state"] in ("acknowledged", "superseded") for each in mine)

    desk.player.wait_packets(desk.sitting, confirmed, what=f"{kind} v{version} confirmed")
    return newest(desk, kind)


def act(stage: Harness, desk: Desk, name: str, *wanted: Message | str, never: Iterable[Message] = ()) -> None:
    """Print the closing act of the point and hold its text to what it must say."""
    pdf = stage.folders.reports / f"closing-{desk.sitting}-{name}.pdf"
    pdf.write_bytes(desk.player.closing_act(desk.sitting))
    if "pdftotext" in checks.missing_tools():
        stage.report.skip(f"{pdf.name}: pdftotext is missing (package poppler-utils)")
        return
    insist(pdf.name, checks.pdf_text(pdf), *wanted, never=never)

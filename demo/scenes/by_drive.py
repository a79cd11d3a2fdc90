"""The line is down: packets go by flash drive, the network goes on trying, and whoever brings the receipt settles."""

from typing import Any

from demo.actors import Centre, choose, wait_for
from demo.harness import Harness
from demo.recognised import Desk
from demo.report import DemoStep
from demo.scenes import desks
from demo.words import russian
from wire.messages import Message

_NO_LINE = Message("No line to the regional centre since")
_OWNER_OF_LINE = Message("write the packets to a drive, and tell the status by telephone")
_ON_DRIVE, _OWNER_OF_DRIVE = Message("lies on the drive"), Message("take the drive to the centre")
_ATTEMPT = russian(Message("Attempt"))


def play(stage: Harness, step: DemoStep) -> None:
    """Carry the packet of the room to the centre and its receipt back; the packet of the HQ comes by both roads."""
    desk, line = desks.desks(stage)[2], stage.line
    assert line is not None  # noqa: S101 (a day of scenes has one)
    operator = stage.centre["rcoi_operator"]
    line.cut()
    desk.player.build_packets(desk.sitting)
    desks.wait_sealed(desk)
    desk.player.sign_packets(desk.sitting, stage.tokens[desk.point.code])
    wait_for(lambda: _said(stage, desk, _NO_LINE, _OWNER_OF_LINE), what="an incident about the line, with its owner")
    _write(stage, desk, "blanks")
    wait_for(lambda: _said(stage, desk, _ON_DRIVE, _OWNER_OF_DRIVE), what="an incident about the drive, with its owner")
    tried = _attempts(desk)
    wait_for(lambda: True if _attempts(desk) > tried else None, what="the network's next try for what lies on a drive")
    desks.require(desks.newest(desk)["state"] == "handed_over", "the packet left the drive though nobody answered")

    took = _take_in(stage, operator)
    _answers(stage, desk, operator)
    by_drive = wait_for(lambda: _settled(desk, "blanks"), what="the receipt that the drive brought")
    desks.require(_settled(desk, "forms") is None, "the packet of the HQ is confirmed though it never left")

    _write(stage, desk, "forms")
    line.mend()
    by_line = wait_for(lambda: _settled(desk, "forms"), what="the receipt that the network brought")
    inbox = operator.inbox()
    again = _take_in(stage, operator)
    desks.require(operator.inbox() == inbox, f"what came twice has an effect at the centre: {again}")
    _answers(stage, desk, operator)
    now = [desks.newest(desk, kind) for kind in ("blanks", "forms")]
    desks.require(now == [by_drive, by_line], f"what came twice has an effect at the point: {now}")
    desks.insist("the centre", again, Message("had come already"))
    desks.insist("Today", desks.today(stage, desk), never=[_NO_LINE, _ON_DRIVE])
    step.facts.append(f"{took}; {len(line.tried)} requests met the dead line")


def _said(stage: Harness, desk: Desk, *wanted: Message) -> bool | None:
    said = desks.today(stage, desk)
    return True if all(russian(each) in said for each in wanted) else None


def _settled(desk: Desk, kind: str) -> dict[str, Any] | None:
    packet = desks.newest(desk, kind)
    return packet if packet["state"] == "acknowledged" else None


def _attempts(desk: Desk) -> int:
    """Count the tries that the story of the room's packet tells."""
    uid = desks.newest(desk)["uid"]
    return desks.read(desk.player.browser.get(f"/transfers/{desk.sitting}/{uid}/").text).count(_ATTEMPT)


def _write(stage: Harness, desk: Desk, kind: str) -> None:
    """Write one packet to the drive, from the packet's own page."""
    folder = stage.folders.flash / "drive"
    folder.mkdir(exist_ok=True)
    stage.give_flash()
    browser = desk.player.browser
    page = browser.get(f"/transfers/{desk.sitting}/{desks.newest(desk, kind)['uid']}/")
    form = page.forms_like("flash")[0]
    browser.submit(page.url, form.id, {"folder": choose(form, "folder", str(folder))})


def _take_in(stage: Harness, operator: Centre) -> str:
    """Take the drive in at the centre and wait until what it brought is judged; returns what the page says."""
    answer = operator.browser.submit("/centre/inbox/import/", "import")
    wait_for(
        lambda: None if any(each["state"] not in ("acknowledged", "rejected") for each in operator.inbox()) else True,
        what="the centre's judgement of what the drive brought",
    )
    return "; ".join(message.text for message in answer.messages)


def _answers(stage: Harness, desk: Desk, operator: Centre) -> None:
    """Carry the centre's feed back on the drive and read it at the point."""
    page = operator.browser.get("/centre/inbox/import/")
    form = page.form("feed")
    place = f"{stage.plan.region}-{desk.point.code}"
    said = {"point": choose(form, "point", place), "folder": choose(form, "folder", str(stage.folders.flash))}
    operator.browser.submit("/centre/inbox/import/", "feed", said)
    stage.give_flash()
    page = desk.player.browser.get(f"/transfers/{desk.sitting}/")
    folder = choose(page.form("feed"), "folder", str(stage.folders.flash))
    desk.player.browser.submit(f"/transfers/{desk.sitting}/", "feed", {"folder": folder})

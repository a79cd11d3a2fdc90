"""A version that brings fewer sheets than the one before it: the exam is not green until a person has looked."""

from dataclasses import replace

from demo.actors import wait_for
from demo.harness import Harness
from demo.report import DemoStep
from demo.scenes import desks
from demo.web import ActorError
from demo.words import russian
from wire.documents import receipt
from wire.messages import Message
from wire.pki import TrustStore, load_pem_certificates

_FEWER = Message("has fewer sheets than version")


def play(stage: Harness, step: DemoStep) -> None:
    """Lay an additional form aside in a room that was sent, send it again, and have the centre look into it."""
    desk = desks.desks(stage)[2]
    room, player, operator = desk.point.rooms[0], desk.player, stage.centre["rcoi_operator"]
    before = desks.newest(desk)
    path = desk.path(room.number)
    player.browser.submit(path, "reopen", {"reason": russian(Message("The additional form was empty."))})
    sheet = next(each for each in desk.state(room.number)["sheets"] if each["number"] == room.dbo[0])
    page = player.browser.get(f"{path}sheets/{sheet['id']}/")
    form = page.form(f"decide-{sheet['id']}")
    laid_aside = {"action": "discard", "reason": russian(Message("The additional form was empty."))}
    player.browser.submit(page.url, form.id, laid_aside)
    desk.enter_card(replace(room, dbo=()))
    desk.close(room.number)
    desks.require(not desk.closed_with_act, f"{room.number} was closed with an act: the centre would take it for one")
    sent = desks.deliver(stage, desk, before["version"] + 1)
    lost = before["counts"]["sheets"] - sent["counts"]["sheets"]
    desks.require(lost == 1, f"version {sent['version']} has {lost} sheets less, 1 was laid aside")

    wait_for(
        lambda: True if russian(_FEWER) in desks.centre_says(stage, desk) else None,
        what=f"the centre names the version of {room.number} with fewer sheets",
        seconds=20,
    )
    desks.insist("the centre", desks.centre_says(stage, desk), Message("Not settled"))
    _told(stage, sent["sha256"])
    told = desks.read(player.browser.get(f"/transfers/{desk.sitting}/{sent['uid']}/").text)
    desks.insist("the packet's page at the point", told, _FEWER)
    page = operator.browser.get(f"/centre/inbox/{sent['uid']}/")
    finding = next((each for each in page.every_form if "finding" in each.values), None)
    if finding is None:
        raise ActorError(f"{page.url}: nothing there can be settled")
    said = {"reason": russian(Message("The point was asked by telephone: the form was empty."))}
    answer = operator.browser.send(page, finding, said)
    desks.require(not [each for each in answer.messages if each.level == "error"], f"not settled: {answer.messages}")
    desks.insist("the centre", desks.centre_says(stage, desk), never=[_FEWER, Message("Not settled")])
    desk.end_scan()
    step.facts.append(f"{room.number} v{sent['version']}: −{lost}")


def _told(stage: Harness, sha256: str) -> None:
    """Read what the centre signed for the point: the receipt of the version says what is open about it."""
    data = stage.centre["rcoi_operator"].receipt(sha256, "acknowledged")
    document = receipt.read(data, TrustStore(load_pem_certificates((stage.folders.pki / "ca.pem").read_bytes())))
    codes = {each["code"] for each in document.open}
    desks.require("fewer_sheets" in codes, f"the receipt says {document.open}")

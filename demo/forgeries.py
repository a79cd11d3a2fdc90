"""What a hostile hand brings: forged feeds and receipts, a changed packet, a changed journal. Each must be refused."""

import datetime as dt
import hashlib
import re
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from demo import checks
from demo.actors import choose, wait_for
from demo.checks import CheckFailedError
from demo.harness import Harness
from demo.report import DemoStep
from demo.steps import own_key
from demo.web import Refused, WebPage
from demo.words import russian
from drawing.plan import PointPlan
from wire import cms, pki
from wire.documents import feed, receipt
from wire.messages import Message


def bring(stage: Harness, step: DemoStep) -> None:
    """Bring forgeries to both nodes.

    Raises:
        CheckFailedError: One was taken for genuine, or was refused without a word.
    """
    point = stage.plan.points[0]
    tries: tuple[tuple[str, Callable[[Harness, PointPlan], None]], ...] = (
        ("feed", forged_feed),
        ("torn feed", torn_feed),
        ("receipt", forged_receipt),
        ("packet", changed_packet),
        ("journal", changed_journal),
    )
    for _name, attempt in tries:
        attempt(stage, point)
    step.facts.append("refused: " + ", ".join(name for name, _attempt in tries))


def forged_feed(stage: Harness, point: PointPlan) -> None:
    """The next item of the feed, right in everything, signed by a station of the same region instead of the centre.

    Raises:
        CheckFailedError: The point believes it.
    """
    items = _feed(stage, point)
    forged = _announcement(stage, point, len(items) + 1, feed.item_hash(items[-1]), _station(stage, point))
    said = _bring(stage, point, "FEED_forged.jsonl", feed.bundle([*items, forged]))
    # The file is named with the reason why; a number of new items would mean that it was believed.
    if re.search(russian(Message("New items of the feed:")) + " [1-9]", said) or "FEED_forged.jsonl" not in said:
        raise CheckFailedError(f"a feed that a station signed was taken for the centre's: {said[:300]}")


def torn_feed(stage: Harness, point: PointPlan) -> None:
    """Items that the centre itself signed, of which one is missing, or one follows from another past.

    Raises:
        CheckFailedError: The point reads on as if nothing were missing.
    """
    items = _feed(stage, point)
    centre = cms.Signer(
        pki.load_pem_certificates((stage.folders.pki / "rcoi.pem").read_bytes())[0],
        checks.private_key(stage.folders.pki / "rcoi.key"),
    )
    last = feed.item_hash(items[-1])
    torn = {
        "FEED_gap.jsonl": _announcement(stage, point, len(items) + 2, last, centre),
        "FEED_other_past.jsonl": _announcement(stage, point, len(items) + 1, "0" * 64, centre),
    }
    for name, item in torn.items():
        said = _bring(stage, point, name, feed.bundle([*items, item]))
        if re.search(russian(Message("New items of the feed:")) + " [1-9]", said) or name not in said:
            raise CheckFailedError(f"a feed whose chain is broken was read on: {name}: {said[:300]}")


def forged_receipt(stage: Harness, point: PointPlan) -> None:
    """A rejection of an acknowledged packet, right in everything, signed by a station instead of the centre.

    Raises:
        CheckFailedError: The point believes it, or does not say why it does not.
    """
    packet = next(each for each in stage.report.packets if each["state"] == "acknowledged" and each["room"])
    moment = dt.datetime.now(dt.UTC)
    forged = receipt.write(
        receipt.Receipt(
            level="rejected",
            uid=packet["uid"],
            version=packet["version"],
            sha256=packet["sha256"],
            number=packet["number"] + 1000,
            supersedes=packet["number"],
            region=stage.plan.region,
            point=point.code,
            reasons=({"code": "forged", "ru": russian(Message("A forgery.")), "en": "A forgery."},),
            counts=packet["counts"],
            operator=russian(Message("Nobody")),
            received_at=moment,
            issued_at=moment,
            mode="training",
        ),
        _station(stage, point),
    )
    said = _bring(stage, point, "RECEIPT_forged.p7m", forged)
    player = stage.specialists[point.code]
    packets = player.transfers(stage.plan.sitting(point))["packets"]
    state = next(each["state"] for each in packets if each["uid"] == packet["uid"])
    if state != "acknowledged" or "RECEIPT_forged.p7m" not in said:
        raise CheckFailedError(f"a receipt that a station signed was believed: {packet['name']} {state}: {said[:300]}")


def _feed(stage: Harness, point: PointPlan) -> list[bytes]:
    place = f"{stage.plan.region}-{point.code}"
    _name, data = stage.centre["rcoi_operator"].browser.download(f"/centre/feed/{place}/")
    return feed.read_bundle(data)


def _station(stage: Harness, point: PointPlan) -> cms.Signer:
    station = next(each for each in point.stations if (point.code, each.kind, each.number) in stage.stations)
    key, certificate = own_key(stage.station(point, station.kind, station.number).folder)
    return cms.Signer(certificate, key)


def _announcement(stage: Harness, point: PointPlan, number: int, prev: str, signer: cms.Signer) -> bytes:
    return feed.write(
        feed.FeedItem(
            number=number,
            prev=prev,
            kind="announcement",
            mode="training",
            region=stage.plan.region,
            point=point.code,
            at=dt.datetime.now(dt.UTC),
            body={
                "title": russian(Message("A forgery")),
                "text": russian(Message("This item was not issued by the centre.")),
            },
        ),
        signer,
    )


def _bring(stage: Harness, point: PointPlan, name: str, data: bytes) -> str:
    """Bring a file to the point on a flash drive, as an answer of the centre; returns what the page says."""
    folder = stage.flash(point) / name.partition(".")[0]
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    stage.give_flash()
    player, sitting = stage.specialists[point.code], stage.plan.sitting(point)
    page = player.browser.get(f"/transfers/{sitting}/")
    answer = player.browser.send(page, "feed", {"folder": choose(page.form("feed"), "folder", str(folder))})
    return " ".join(message.text for message in answer.messages)


def changed_packet(stage: Harness, point: PointPlan) -> None:
    """A packet whose sealed content differs in one bit from what was signed.

    Raises:
        CheckFailedError: The centre takes it for sound, or loses sight of it.
    """
    operator = stage.centre["rcoi_operator"]
    path = sorted(stage.folders.packets.glob("*_blanks_*.ppe"))[0]
    data = flip(path)
    mark, before = hashlib.sha256(data).hexdigest(), _sound(operator.inbox())
    said = _outcome(lambda: operator.browser.submit("/centre/inbox/import/", "import", files=[(path.name, data)]))

    def settled() -> str | None:
        states = [each["state"] for each in operator.inbox() if each["sha256"] == mark]
        return None if states and states[0] in ("received", "opening", "verified") else "".join(states)

    state = wait_for(settled, what="the changed packet is judged")
    if state not in ("", "rejected") or (not state and said is None) or _sound(operator.inbox()) != before:
        raise CheckFailedError(f"the centre took a packet whose content had been changed: {path.name} {state}")


def _sound(inbox: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((each["sha256"], each["state"]) for each in inbox if each["state"] != "rejected")


def flip(packet: Path) -> bytes:
    """Return a packet with one bit of `content.p7m` changed; as a ZIP it is whole."""
    with zipfile.ZipFile(packet) as old:
        members = {name: bytearray(old.read(name)) for name in old.namelist()}
    members["content.p7m"][len(members["content.p7m"]) // 2] ^= 1
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name, data in members.items():
            new.writestr(name, bytes(data))
    return out.getvalue()


def changed_journal(stage: Harness, point: PointPlan) -> None:
    """A print station's journal with one bit changed.

    Raises:
        CheckFailedError: The point counts it.
    """
    path = sorted(stage.flash(point).glob("END_PRINT_*.dat"))[0]
    data = bytearray(path.read_bytes())
    data[data.index(b'"region"')] ^= 1
    player, sitting = stage.specialists[point.code], stage.plan.sitting(point)
    page = player.browser.get(f"/monitoring/{sitting}/")
    answer = player.browser.send(page, "journals", files=[(path.name, bytes(data))])
    verdicts = re.findall(r'data-state="(\w+)"', answer.text[answer.text.find('id="verdicts"') :])
    if not verdicts or verdicts[0] not in ("refused", "quarantined"):
        raise CheckFailedError(f"a changed journal was taken: {path.name}: {verdicts[:1]}")


def _outcome(act: Callable[[], WebPage]) -> str | None:
    """Return what a page answers against a form; None when it only praises."""
    try:
        page = act()
    except Refused as refusal:
        return str(refusal)
    bad = [message.text for message in page.messages if message.level in ("error", "warning")]
    return "; ".join(bad) or None

"""`configuration` and `heartbeat`: the station's day as the HQ has it, and how the station is."""

import argparse
from typing import Any

from station_client import home, reporting
from station_client.commands import OK
from station_client.talk import Talk
from wire.messages import NOTHING, Message


def configuration(args: argparse.Namespace, talk: Talk) -> int:
    """Show what the HQ says of the station's day."""
    said = reporting.configuration(home.load(args.dir), args.url)
    if talk.as_json:
        talk.say(NOTHING, **said)
        return OK
    talk.say(
        Message(
            "Point {region}-{point}, time of the HQ {time}",
            region=said["region"],
            point=said["point"],
            time=said["server_time"],
        ),
    )
    if not said["sittings"]:
        talk.say(Message("There are no exams for this station."))
    for sitting in said["sittings"]:
        for post in sitting["posts"]:
            room, place = post["room"] or "—", f"-{post['place']}" if post["place"] else ""
            exam = f"{sitting['date']} {sitting['subject']} {sitting['subject_name']}"
            talk.say(
                Message("{exam}, room {room}{place}: {post}", exam=exam, room=room, place=place, post=post["journal"])
            )
    return OK


def heartbeat(args: argparse.Namespace, talk: Talk) -> int:
    """Tell the HQ how the station is."""
    said: dict[str, Any] = {"state": args.state, "note": args.note}
    said |= {name: value for name in ("paper", "toner", "battery") if (value := getattr(args, name)) is not None}
    for heard in reporting.tell(home.load(args.dir), args.url, said, every=args.every):
        skew, seen = heard["skew_seconds"], ", ".join(heard["troubles"]) or "—"
        talk.say(
            Message(
                "The HQ has heard; the station's clock: {skew} s; attention: {seen}", skew=f"{skew:+.1f}", seen=seen
            ),
            **heard,
        )
    return OK

"""Names of the files that are not journals: access keys, packets, packages, acts, receipts, the feed.

The name is for people and for sorting; what a file is, is decided by what stands inside.
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Protocol

from wire.letters import COPY

_DATE = r"(?P<date>[0-9]{6})"
_PLACE = r"(?P<region>[0-9]{2})_(?P<point>[0-9]{4})"
# a copy made by a file manager or a browser: “name (1).ext”, “name - Copy.ext”
_COPY = rf"(?: ?\([0-9]{{1,3}}\)| - (?:{COPY}|Copy)(?: \([0-9]{{1,3}}\))?)?"

_KEY = re.compile(rf"KEY_{_PLACE}_{_DATE}_(?P<subject>[0-9]{{2}})_v(?P<version>[0-9]{{1,4}}){_COPY}\.p7m", re.I)


class _Header(Protocol):
    @property
    def region(self) -> str: ...
    @property
    def point(self) -> str: ...
    @property
    def date(self) -> dt.date: ...
    @property
    def subject(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def room(self) -> str | None: ...
    @property
    def uid(self) -> str: ...
    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class KeyName:
    """What the name of an access key says."""

    region: str
    point: str
    date: dt.date
    subject: str
    version: int


def key_name(region: str, point: str, date: dt.date, subject: str, version: int) -> str:
    """`KEY_78_0001_290526_01_v1.p7m`."""
    return f"KEY_{region}_{point}_{date:%d%m%y}_{subject}_v{version}.p7m"


def package_name(region: str, point: str, date: dt.date, version: int) -> str:
    """`EXAM_78_0001_290526_v1.zip`."""
    return f"EXAM_{region}_{point}_{date:%d%m%y}_v{version}.zip"


def packet_name(header: _Header) -> str:
    """`PACKET_78_0001_290526_01_blanks_0101_<uid>_v1.ppe`."""
    return (
        f"PACKET_{header.region}_{header.point}_{header.date:%d%m%y}_{header.subject}_{header.kind}"
        f"_{header.room or 'HQ'}_{header.uid}_v{header.version}.ppe"
    )


def act_name(
    region: str,
    point: str,
    date: dt.date,
    subject: str,
    kind: str,
    *,
    room: str | None,
    station: str | None,
    made_at: dt.datetime,
) -> str:
    """`ACT_78_0001_290526_01_journal_missing_0101_0006_174502.p7m`; the last part is the time it was made, UTC."""
    tail = f"_{station}" if station else ""
    moment = made_at.astimezone(dt.UTC)
    return f"ACT_{region}_{point}_{date:%d%m%y}_{subject}_{kind}_{room or 'HQ'}{tail}_{moment:%H%M%S}.p7m"


def standing_name(region: str, point: str, date: dt.date, number: int) -> str:
    """`STANDING_78_0001_290526_000003.p7m`: what was open at a point again, by the number of the word."""
    return f"STANDING_{region}_{point}_{date:%d%m%y}_{number:06d}.p7m"


def receipt_name(packet: str, level: str) -> str:
    """`<packet without .ppe>.<level>.p7m`."""
    return f"{packet.removesuffix('.ppe')}.{level}.p7m"


def feed_name(region: str, point: str, last: int) -> str:
    """`FEED_78_0001_000042.jsonl`: the items of one point up to a number."""
    return f"FEED_{region}_{point}_{last:06d}.jsonl"


def _date(text: str) -> dt.date | None:
    try:
        return dt.date(2000 + int(text[4:6]), int(text[2:4]), int(text[0:2]))
    except ValueError:
        return None


def _fields(pattern: re.Pattern[str], text: str) -> tuple[dict[str, str], dt.date] | None:
    match = pattern.fullmatch(text.rpartition("/")[2].strip())
    if match is None:
        return None
    fields = {name: value for name, value in match.groupdict().items() if value is not None}
    date = _date(fields["date"])
    return (fields, date) if date else None


def parse_key_name(text: str) -> KeyName | None:
    """Read the name of an access key; None when it is not one. Never raises."""
    if (found := _fields(_KEY, text)) is None:
        return None
    fields, date = found
    return KeyName(fields["region"], fields["point"], date, fields["subject"], int(fields["version"]))

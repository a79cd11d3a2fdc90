"""What a door must leave alone, and what it must say: rows and files before and after, the answer, the event."""

import contextlib
import hashlib
import html
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.signals import got_request_exception

from audit.models import Event

#: Tables in which a refusal leaves its trace, or a person's screen: no business of an exam.
NO_BUSINESS = {
    "sessions.session",
    "audit.event",
    "audit.chainhead",
    "admin.logentry",
    "auth.permission",
    "contenttypes.contenttype",
}
_NOTE = re.compile(r'<(?:li|div) class="note (\w+)"[^>]*data-code="([^"]*)"[^>]*>(.*?)</(?:li|div)>', re.S)
_CYRILLIC = re.compile(r"[А-Яа-яЁё]{3}.*[А-Яа-яЁё]{3}", re.S)
_TRACES = ("Traceback", 'File "/', "site-packages", "Exception Type", "RuntimeError", "object at 0x")


@dataclass(frozen=True)
class WatchedAnswer:
    """What came back from a door, as a person or a machine reads it."""

    status: int
    codes: tuple[str, ...]
    texts: tuple[str, ...]
    body: str
    document: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Everything that was said."""
        return "\n".join(self.texts)


@dataclass
class Watch:
    """Rows and files as they were; `events` and `raised` of what happened since."""

    data_dir: Path
    rows: dict[str, list[str]]
    files: dict[str, str]
    last_event: int
    raised: list[BaseException] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """The events written since."""
        return list(Event.objects.filter(pk__gt=self.last_event).order_by("pk"))

    def changes(self) -> list[str]:
        """Return every row and file that is new, gone or different."""
        found = []
        for table, now in rows_of_business().items():
            before = self.rows.get(table, [])
            found += [f"+ {table} {row[:200]}" for row in now if row not in before]
            found += [f"- {table} {row[:200]}" for row in before if row not in now]
        left = files_in(self.data_dir)
        found += [f"+ file {name}" for name in left if name not in self.files]
        found += [f"- file {name}" for name in self.files if name not in left]
        found += [f"! file {name}" for name, digest in left.items() if self.files.get(name, digest) != digest]
        return found


@contextlib.contextmanager
def at(door: str, file: str) -> Iterator[None]:
    """Say with a failure at which door and with which file it was."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"[{door} x {file}] {error}") from error


def rows_of_business() -> dict[str, list[str]]:
    """Return every row of every table that an exam's business stands in."""
    return {
        model._meta.label_lower: sorted(map(repr, model._base_manager.values_list()))
        for model in apps.get_models()
        if model._meta.managed and model._meta.label_lower not in NO_BUSINESS
    }


def files_in(folder: Path) -> dict[str, str]:
    """Return every file of a data folder with its hash; the database is tables, `run/` is signs of life, not data."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        # The numbers given out stand beside the database and go with it.
        if path.is_file()
        and not re.search(r"sqlite3|^numbers\.jsonl", path.name)
        and "run" not in path.relative_to(folder).parts[:1]
    }


@contextlib.contextmanager
def watched(data_dir: Path) -> Iterator[Watch]:
    """Remember how things stand; an error of the program meanwhile is kept to be told with the failed test."""
    last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    watch = Watch(data_dir, rows_of_business(), files_in(data_dir), last)

    def note(sender: Any, request: Any = None, **_more: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None:
            watch.raised.append(error)

    got_request_exception.connect(note)
    try:
        yield watch
    finally:
        got_request_exception.disconnect(note)


def notes(page: str) -> WatchedAnswer:
    """Read the messages of a page."""
    found = [
        (level, code, html.unescape(re.sub(r"<[^>]+>", " ", text)).strip()) for level, code, text in _NOTE.findall(page)
    ]
    codes = tuple(
        part.removeprefix("code-") for _level, code, _text in found for part in code.split() if part[:5] == "code-"
    )
    return WatchedAnswer(200, codes, tuple(text for _level, _code, text in found), page)


def post_form(client: Any, url: str, form: str, **fields: Any) -> WatchedAnswer:
    """Send a form of a page and read what the next page says, as a browser does."""
    client.raise_request_exception = False
    response = client.post(url, {"form": form, **fields})
    hops = 0
    while response.status_code == 302 and hops < 4:
        hops += 1
        response = client.get(response.headers["Location"])
    said = notes(response.content.decode())
    return WatchedAnswer(response.status_code, said.codes, said.texts, said.body)


def problem_of(response: Any) -> WatchedAnswer:
    """Read problem details."""
    body = response.content.decode("utf-8", "replace")
    is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    document = json.loads(body) if is_problem else {}
    texts = tuple(str(document[name]) for name in ("detail_ru", "cure_ru") if document.get(name))
    return WatchedAnswer(
        response.status_code, (str(document["code"]),) if "code" in document else (), texts, body, document
    )


def must_refuse(answer: WatchedAnswer, watch: Watch, code: str, *, status: int | None = None, kinds: str = "") -> None:
    """Hold an answer to what every refusal must be.

    Args:
        answer: What the door said.
        watch: What stood before it.
        code: The stable code.
        status: The exact HTTP status, where the door is of machines.
        kinds: Kinds of events one of which must be written; any event without it.
    """
    assert not watch.raised, repr(watch.raised)
    assert answer.status < 500 or answer.status == 507, answer.body[:2000]
    assert code in answer.codes, (answer.codes, answer.texts)
    if status is not None:
        assert answer.status == status, answer
    assert _CYRILLIC.search(answer.text), answer.texts
    for trace in _TRACES:
        assert trace not in answer.body, answer.body[:3000]
    assert not watch.changes(), watch.changes()
    must_be_recorded(watch, kinds)


def must_be_recorded(watch: Watch, kinds: str = "") -> None:
    """Hold the log to at least one event, of one of some kinds."""
    written = [event.kind for event in watch.events]
    wanted = kinds.split() or ["refused"]
    assert any(kind in wanted for kind in written), f"no event of {wanted}: {written}"

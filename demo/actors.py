"""The people of the day. Each has a login and a browser, and does only what a person with that login can do."""

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from demo.registry import registry
from demo.web import ActorError, Browser, Refused, WebForm, WebPage
from demo.words import russian
from drawing.plan import DayPlan, PersonPlan, PointPlan
from wire.messages import Message

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """A user name and its password."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class DemoToken:
    """A GEK member's token in the drive: its file and its PIN, which only its holder types."""

    person: PersonPlan
    path: Path
    pin: str


def wait_for(look: Callable[[], Thing | None], *, what: str, seconds: float = 240, pause: float = 0.3) -> Thing:
    """Look again and again until there is something to see.

    Raises:
        ActorError: Nothing came in time.
    """
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen is not None:
            return seen
        if time.monotonic() > until:
            raise ActorError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(pause)


def choose(form: WebForm, name: str, *wanted: str) -> str:
    """Return the value of the first option that shows one of the wanted texts; a plain field takes the text itself.

    Raises:
        ActorError: No option shows it.
    """
    if name not in form.options:
        return wanted[0]
    for text in wanted:
        for value, label in form.options[name]:
            if text in (value, label):
                return value
    for text in wanted:
        for value, label in form.options[name]:
            if text in value or text in label:
                return value
    raise ActorError(f"form {form.id!r}: none of {wanted} among {form.options[name]}")


class DayActor:
    """A person before a screen."""

    def __init__(self, base_url: str, login: DemoLogin, *, who: str) -> None:
        self.login, self.browser = login, Browser(base_url, who=who)

    def enter(self) -> None:
        """Log in."""
        self.browser.log_in(self.login.username, self.login.password)

    def close(self) -> None:
        """Leave."""
        self.browser.close()

    def passwords(self, form: WebForm) -> dict[str, str]:
        """Return what the person types into the password fields of a form."""
        return {"username": self.login.username, "password1": self.login.password, "password2": self.login.password}

    def account(self, login: DemoLogin, person: PersonPlan) -> None:
        """Issue a login to another person on the page “Staff”."""
        self.browser.submit(
            "/people/",
            "account",
            {
                "person": person.uid,
                "username": login.username,
                "password1": login.password,
                "password2": login.password,
            },
        )


class Centre(DayActor):
    """A member of the regional centre's staff: administrator, operator or coordinator, as the login says."""

    def found(self, code: str, plan: DayPlan) -> None:
        """Set the centre up on its first page."""
        page = self.browser.get("/first-run/")
        form = page.form("found")
        said = {
            "code": code,
            "region": plan.region,
            "name": russian(Message("Regional centre of {region}", region=plan.region_name)),
            **self.passwords(form),
        }
        _check(self.browser.send(page, "found", said))

    def take_registry(self, plan: DayPlan) -> None:
        """Import the region's registry."""
        data = json.dumps(registry(plan), ensure_ascii=False, indent=1).encode()
        self.browser.submit("/centre/registry/", "registry", files=[("registry.json", data)])

    def ca(self) -> tuple[bytes, str]:
        """Return the region's root certificate and its fingerprint, as the centre tells it by telephone."""
        _name, data = self.browser.download("/centre/ca.pem")
        return data, fingerprint(data)

    def take_requests(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Upload certificate requests."""
        self.browser.submit("/centre/requests/", "upload", files=files)

    def sign_requests(self) -> int:
        """Sign every waiting request, page after page; returns how many."""
        signed = 0
        while "sign" in (page := self.browser.get("/centre/requests/")).forms:
            waiting = [value for value, _label in page.form("sign").options.get("request", [])]
            if not waiting:
                break
            _check(self.browser.send(page, "sign", {"request": waiting}))
            signed += len(waiting)
        return signed

    def _make(self, path: str, values: Callable[[WebForm], dict[str, str]], **wanted: str) -> tuple[str, bytes]:
        page = self.browser.get(path)
        before = {link for link, _words in page.links}
        form = next((each for each in page.forms_like("make") if each.says(**wanted)), page.form("make"))
        answer = _check(self.browser.send(page, form, values(form)))
        made = [link for link, _words in answer.links if link.endswith("/file/")]
        fresh = [link for link in made if link not in before] or made
        if not fresh:
            raise ActorError(f"{path}: no file to download after «make»")
        return self.browser.download(fresh[0])

    def make_access_key(self, sitting: str) -> tuple[str, bytes]:
        """Make the access key of a sitting and download it."""
        return self._make(
            "/centre/access-keys/", lambda form: {"sitting": choose(form, "sitting", sitting)}, sitting=sitting
        )

    def make_package(self, plan: DayPlan, point: PointPlan) -> tuple[str, bytes]:
        """Make the exam package of a point and download it."""

        def values(form: WebForm) -> dict[str, str]:
            return {
                "point": choose(form, "point", f"{plan.region}-{point.code}", point.code),
                "date": choose(form, "date", plan.date.isoformat(), f"{plan.date:%d.%m.%Y}"),
            }

        return self._make("/centre/packages/", values, point=point.code)

    def inbox(self) -> list[dict[str, Any]]:
        """Return the packets of the inbox."""
        return list(self.browser.json("/centre/inbox/state.json")["packets"])

    def ask_rescan(self, uid: str, number: str, reason: str) -> None:
        """Ask the point to scan a sheet of a packet again."""
        self.browser.submit(f"/centre/inbox/{uid}/", "rescan", {"sheets": number, "reason": reason})

    def undo_status(self, sitting: str, status: str, reason: str) -> None:
        """Undo a status of a point, as the regional coordinator alone may."""
        page = self.browser.get(f"/centre/statuses/{sitting}/")
        form = next((each for each in page.forms_like("undo") if each.says(status=status)), page.form("undo"))
        _check(self.browser.send(page, form, {"status": status, "reason": reason}))

    def receipt(self, sha256: str, level: str) -> bytes:
        """Download the receipt of a packet."""
        _name, data = self.browser.download(f"/centre/receipts/{sha256}.{level}.p7m")
        return data

    def report(self, path: str) -> bytes:
        """Download a PDF report."""
        _name, data = self.browser.download(f"/centre/reports/{path}")
        return data


class Specialist(DayActor):
    """A technical specialist of an exam point, with a GEK member beside whenever a token is needed."""

    def identify(self, code: str, plan: DayPlan, *, station: str) -> bytes:
        """Name the points of the node; returns the archive of its certificate requests."""
        points = ",".join(dict.fromkeys(point.code for point in plan.exams))
        said = {"code": code, "region": plan.region, "points": points, "station": station}
        self.browser.submit("/first-run/", "identify", said)
        _name, data = self.browser.download("/first-run/requests.zip")
        return data

    def take_packages(self, code: str, files: Iterable[tuple[str, bytes]], fingerprint: str) -> None:
        """Take in exam packages after comparing the region's fingerprint."""
        self.browser.submit("/first-run/", "package", {"code": code, "fingerprint": fingerprint}, files=files)

    def first_account(self, code: str, person: PersonPlan) -> None:
        """Make the node's first login: one's own."""
        page = self.browser.get("/first-run/")
        form = page.form("account")
        said = {"code": code, "person": choose(form, "person", person.uid), **self.passwords(form)}
        _check(self.browser.send(page, "account", said))

    # --- “Monitoring” ---

    def bring_journals(self, sitting: str, files: Iterable[tuple[str, bytes]]) -> WebPage:
        """Upload journals in the browser; returns the page with a verdict line for each."""
        return self.browser.submit(f"/monitoring/{sitting}/", "journals", files=files)

    def bring_flash(self, sitting: str, folder: Path) -> WebPage:
        """Take journals in from a folder of the flash drive."""
        page = self.browser.get(f"/monitoring/{sitting}/")
        said = {"folder": choose(page.form("flash"), "folder", str(folder), folder.name)}
        return _check(self.browser.send(page, "flash", said))

    def replace(self, sitting: str, *, old: str, new: str, room: str) -> None:
        """Write down that a station was replaced."""
        page = self.browser.get(f"/monitoring/{sitting}/")
        form = page.form("replace")
        said = {
            "station": choose(form, "station", old),
            "new": choose(form, "new", new),
            "room": choose(form, "room", room),
        }
        _check(self.browser.send(page, "replace", said))

    def act_for_station(self, sitting: str, station: str, *, reason: str, text: str, token: DemoToken) -> None:
        """Make an act instead of a journal that cannot be had, signed by the GEK member.

        Raises:
            ActorError: The page offers no act for that station.
        """
        page = self.browser.get(f"/monitoring/{sitting}/")
        for form in page.forms_like("act-"):
            if form.values.get("station") == [station]:
                _check(self.browser.send(page, form.id, self._signed(form, token, reason=reason, text=text)))
                return
        raise ActorError(f"no act is offered for station {station}")

    def send_status(self, sitting: str, status: str) -> WebPage:
        """Send a status of the point; where the page has no button for it, as a page opened earlier still would.

        Raises:
            Refused: The gate names what is missing.
        """
        page = self.browser.get(f"/monitoring/{sitting}/")
        name = f"status-{status}"
        if name in page.forms:
            return _check(self.browser.send(page, name))
        other = page.form("journals")
        return _check(self.browser.send(page, replace(other, id=name, values={**other.values, "form": [name]})))

    def _signed(self, form: WebForm, token: DemoToken, **said: str) -> dict[str, str]:
        """Return the fields of a form that needs a token; the reason is chosen where the page offers reasons."""
        if "reason" in form.options:
            said["reason"] = choose(form, "reason", said["reason"], form.options["reason"][-1][0])
        return {**said, "token": choose(form, "token", token.path.name, token.person.full_name), "pin": token.pin}

    # --- “Keys” ---

    def load_key(self, sitting: str, name: str, data: bytes) -> None:
        """Load the access key of a sitting."""
        self.browser.submit(f"/keys/{sitting}/", "load", files=[(name, data)])

    def activate_key(self, sitting: str, name: str, token: DemoToken) -> None:
        """Have the GEK member activate the access key."""
        page = self.browser.get(f"/keys/{sitting}/")
        form = page.form("activate")
        said = self._signed(form, token)
        if form.options.get("access_key"):
            values = [value for value, label in form.options["access_key"] if value]
            said["access_key"] = values[0] if len(values) == 1 else choose(form, "access_key", name)
        _check(self.browser.send(page, "activate", said))

    # --- “Transfer answer forms” ---

    def build_packets(self, sitting: str) -> None:
        """Put every closed room into packets."""
        self.browser.submit(f"/transfers/{sitting}/", "build")

    def sign_packets(self, sitting: str, token: DemoToken) -> None:
        """Have the GEK member sign everything that waits for a signature."""
        page = self.browser.get(f"/transfers/{sitting}/")
        _check(self.browser.send(page, "sign", self._signed(page.form("sign"), token)))

    def closing_act(self, sitting: str) -> bytes:
        """Download the closing act as the point prints it."""
        _name, data = self.browser.download(f"/transfers/{sitting}/closing-act/")
        return data

    def transfers(self, sitting: str) -> dict[str, Any]:
        """Return the state of the point's packets."""
        state: dict[str, Any] = self.browser.json(f"/transfers/{sitting}/state.json")
        return state

    def wait_packets(
        self, sitting: str, done: Callable[[list[dict[str, Any]]], bool], *, what: str, seconds: float = 240
    ) -> list[dict[str, Any]]:
        """Wait until the packets of a sitting are as wished.

        Raises:
            ActorError: They do not become so; one that needs a person is named at once.
        """
        last: list[dict[str, Any]] = []

        def look() -> list[dict[str, Any]] | None:
            last[:] = self.transfers(sitting)["packets"]
            ill = [packet for packet in last if packet["state"] in ("stuck", "rejected")]
            if ill:
                raise ActorError(f"{sitting}: packets need a person: {ill}")
            return list(last) if done(last) else None

        try:
            return wait_for(look, what=f"{sitting}: {what}", seconds=seconds)
        except ActorError as error:
            states = ", ".join(f"{packet['kind']} {packet.get('room') or ''} {packet['state']}" for packet in last)
            raise ActorError(f"{error} ({states})") from None


def _check(page: WebPage) -> WebPage:
    refused = [message for message in page.messages if message.level == "error"]
    if refused:
        raise Refused(refused)
    return page


def fingerprint(pem: bytes) -> str:
    """Return the SHA-256 of a PEM certificate's DER, hexadecimal."""
    body = b"".join(line for line in pem.splitlines() if line and not line.startswith(b"-----"))
    return hashlib.sha256(base64.b64decode(body)).hexdigest()

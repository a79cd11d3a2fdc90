"""Where a day is played: folders, nodes, people, stations, and how they come to be before the first step."""

import compileall
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.actors import Centre, DemoLogin, DemoToken, Specialist
from demo.interpreter import ROOT, other_user
from demo.line import Line
from demo.nodes import DemoNode, free_port, fresh
from demo.report import DemoReport
from demo.stations import StationActor, Terminal, make_token
from demo.web import ActorError
from drawing import truth
from drawing.plan import DayPlan, PersonPlan, PointPlan
from drawing.truth import PlacedScan
from wire.documents import package as exam_package

STATION = "01"
#: Two nodes share one small machine with everybody who plays on it.
SMALL = {"PPE_SWEEP_SECONDS": "2", "PPE_FEED_SECONDS": "3", "PPE_WEB_WORKERS": "1"}


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of a played day below its root (`var/demo`)."""

    root: Path

    def __getattr__(self, name: str) -> Path:
        """Return ``root/name``: flash, packets, receipts, reports, pki, logs, scans, tokens, stations, data."""
        return self.root / name


@dataclass
class Harness:
    """A day on its stage."""

    plan: DayPlan
    report: DemoReport
    folders: Folders
    hq: DemoNode
    rcoi: DemoNode
    terminal: Terminal
    placed: list[PlacedScan]
    logins: dict[str, tuple[DemoLogin, PersonPlan]] = field(default_factory=dict)
    centre: dict[str, Centre] = field(default_factory=dict)
    specialists: dict[str, Specialist] = field(default_factory=dict)
    tokens: dict[str, DemoToken] = field(default_factory=dict)
    stations: dict[tuple[str, str, str], StationActor] = field(default_factory=dict)
    packages: dict[str, Path] = field(default_factory=dict)
    #: By the key of the sitting.
    access_keys: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    fingerprint: str = ""
    #: The wire between the point and the centre, where scenes cut it.
    line: Line | None = None
    drawing: subprocess.Popen[bytes] | None = None

    def station(self, point: PointPlan, kind: str, number: str) -> StationActor:
        """Return a station."""
        return self.stations[point.code, kind, number]

    def flash(self, point: PointPlan) -> Path:
        """Return the folder of a point on the flash drive."""
        return self.folders.flash / point.code

    def give_flash(self) -> None:
        """Hand the flash drive to the HQ: its node may read and write it."""
        self.hq.own(self.folders.flash)

    def close(self) -> None:
        """Stop everything the stage started."""
        for player in (*self.centre.values(), *self.specialists.values()):
            player.close()
        self.terminal.close()
        if self.drawing is not None and self.drawing.poll() is None:
            # The drawing has processes of its own; they are of one session.
            os.killpg(self.drawing.pid, signal.SIGKILL)
            self.drawing.wait()
        self.hq.stop()
        self.rcoi.stop()
        if self.line is not None:
            self.line.close()


def build(
    plan: DayPlan,
    root: Path,
    report: DemoReport,
    *,
    ports: tuple[int, int] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Harness:
    """Make the folders and the two nodes of a day; nothing runs yet."""
    common = {**SMALL, **(settings or {})}
    fresh(root)
    folders = Folders(root)
    for name in ("flash", "packets", "receipts", "reports", "pki", "logs", "scans", "tokens", "stations", "data"):
        (root / name).mkdir()
    runner = other_user(root)
    if runner.uid is None:
        report.note(f"HQ under the same uid as the centre: {runner.reason}")
    hq_port, rcoi_port = ports or (free_port(), free_port())
    rcoi = DemoNode("rcoi", root / "data" / "rcoi", folders.logs, rcoi_port)
    hq = DemoNode("hq", root / "data" / "hq", folders.logs, hq_port, runner=runner)
    line = Line(rcoi_port) if plan.crowd else None
    hq.settings = {
        "PPE_RCOI_URL": line.url if line else rcoi.url,
        "PPE_STATION": STATION,
        "PPE_TOKEN_DIRS": str(folders.tokens),
        "PPE_FLASH_DIRS": str(folders.flash),
        **common,
    }
    rcoi.settings = {"PPE_FLASH_DIRS": str(folders.flash), **common}
    placed = truth.place(plan, folders.scans)
    truth.write(root / "truth.csv", [each.row for each in placed])
    return Harness(plan, report, folders, hq, rcoi, Terminal(folders.logs / "stations.log"), placed, line=line)


def start(stage: Harness) -> None:
    """Start both nodes and, beside them, the drawing of the sheets."""
    # Compiled once here: the HQ's user may not write beside the sources, and a dozen processes would compile anew.
    for package in sorted(path.parent for path in ROOT.glob("*/__init__.py")):
        compileall.compile_dir(package, quiet=2)
    stage.rcoi.start()
    stage.hq.start()
    plan = stage.plan
    stage.drawing = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "demo",
            "draw",
            str(stage.folders.scans),
            "--day",
            plan.name,
            "--seed",
            str(plan.seed),
            "--date",
            plan.date.isoformat(),
            "--workers",
            str(min(2, os.cpu_count() or 1)),
        ],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    stage.rcoi.wait()
    stage.hq.wait()


def wait_drawn(stage: Harness, seconds: float = 180) -> None:
    """Wait for the drawn sheets.

    Raises:
        ActorError: The drawing failed.
    """
    if stage.drawing is not None and stage.drawing.wait(seconds) != 0:
        raise ActorError("the drawing of the sheets failed")
    lost = [each.path for each in stage.placed if not each.path.exists()]
    if lost:
        raise ActorError(f"{len(lost)} sheets were not drawn, {lost[0]} among them")


def new_login(stage: Harness, username: str, person: PersonPlan) -> DemoLogin:
    """Think a password up for a person."""
    login = DemoLogin(username, f"{secrets.token_urlsafe(9)}-{secrets.randbelow(90) + 10}")
    stage.logins[username] = (login, person)
    return login


def found_centre(stage: Harness) -> None:
    """Set the centre up: its first page, the region's registry, the logins of its staff."""
    plan = stage.plan
    people = {person.role: person for person in plan.staff}
    chief = Centre(stage.rcoi.url, new_login(stage, "admin", people["administrator"]), who="administrator")
    stage.centre["administrator"] = chief
    chief.found(stage.rcoi.first_run_code(), plan)
    chief.take_registry(plan)
    for username, role in (("operator", "rcoi_operator"), ("coordinator", "regional_coordinator")):
        login = new_login(stage, username, people[role])
        chief.account(login, people[role])
        player = stage.centre[role] = Centre(stage.rcoi.url, login, who=role)
        player.enter()
    pem, stage.fingerprint = chief.ca()
    (stage.folders.pki / "ca.pem").write_bytes(pem)


def make_keys(stage: Harness) -> list[tuple[str, bytes]]:
    """Have every station, token and the HQ node make its key; returns the certificate requests."""
    plan, requests = stage.plan, []
    pins = []
    for point in plan.exams:
        for station in point.stations:
            if station.kind == "scan" and station.number == STATION:
                continue  # The node itself.
            folder = stage.folders.stations / point.code / f"{station.kind}-{station.number}"
            player = StationActor(stage.terminal, plan, point, station, folder)
            stage.stations[point.code, station.kind, station.number] = player
            requests.append(player.init())
        if point.code in stage.tokens:
            continue
        pin = f"{secrets.randbelow(10**8):08d}"
        token, request = make_token(stage.terminal, plan, point, stage.folders.tokens, pin)
        stage.tokens[point.code] = token
        requests.append((request.name, request.read_bytes()))
        pins.append(f"{point.code} {token.person.full_name} {pin}")
    (stage.folders.pki / "pins.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    stage.hq.own(stage.folders.tokens)
    return requests


def identify_hq(stage: Harness) -> bytes:
    """Name the points of the HQ node; returns its certificate requests."""
    first = stage.plan.points[0]
    person = first.person("technical_specialist")
    login = new_login(stage, f"tech{first.code}", person)
    player = stage.specialists[first.code] = Specialist(stage.hq.url, login, who=f"specialist {first.code}")
    return player.identify(stage.hq.first_run_code(), stage.plan, station=STATION)


def sign_and_pack(stage: Harness, requests: list[tuple[str, bytes]], archive: bytes) -> None:
    """At the centre: sign the requests, make access keys and exam packages."""
    chief = stage.centre["administrator"]
    chief.take_requests([*requests, ("hq-requests.zip", archive)])
    signed = chief.sign_requests()
    if signed < len(requests):
        raise ActorError(f"{signed} requests were signed, {len(requests)} were brought by stations alone")
    operator = stage.centre["rcoi_operator"]
    for point in stage.plan.exams:
        sitting = stage.plan.sitting(point)
        stage.access_keys[sitting] = operator.make_access_key(sitting)
    # A package carries the access certificates of all exams of its point: it is made after their keys.
    for point in {point.code: point for point in stage.plan.exams}.values():
        name, data = operator.make_package(stage.plan, point)
        path = stage.packages[point.code] = stage.folders.pki / name
        path.write_bytes(data)


def take_packages(stage: Harness) -> None:
    """At the point: the HQ and every station take their exam package in; logins for the point's people."""
    code = stage.hq.first_run_code()
    first = stage.plan.points[0]
    player = stage.specialists[first.code]
    files = [(path.name, path.read_bytes()) for path in stage.packages.values()]
    player.take_packages(code, files, stage.fingerprint)
    player.first_account(code, first.person("technical_specialist"))
    for point in {point.code: point for point in stage.plan.exams}.values():
        wanted = [("head", "point_head"), ("gek", "gek_member")]
        wanted += [] if point is first else [("tech", "technical_specialist")]
        for prefix, role in wanted:
            login = new_login(stage, f"{prefix}{point.code}", point.person(role))
            player.account(login, point.person(role))
        if point is not first:
            login = stage.logins[f"tech{point.code}"][0]
            other = stage.specialists[point.code] = Specialist(stage.hq.url, login, who=f"specialist {point.code}")
            other.enter()
    for station in stage.stations.values():
        station.take_package(stage.packages[station.point.code], stage.fingerprint)


def export_pki(stage: Harness) -> None:
    """Put copies of what the proofs need into ``pki/``: tokens, and the centre's own key and certificate."""
    pki = stage.folders.pki
    for code, token in stage.tokens.items():
        (pki / f"gek-{code}.p12").write_bytes(token.path.read_bytes())
        (pki / f"gek-{code}.p12").chmod(0o600)
    keys = stage.rcoi.data / "keys"
    key = pki / "rcoi.key"
    key.write_bytes((keys / "rcoi.key").read_bytes())
    key.chmod(0o600)
    (pki / "pins.txt").chmod(0o600)
    sent, _signed_by = exam_package.read(next(iter(stage.packages.values())).read_bytes(), trust=None)
    (pki / "rcoi.pem").write_text(sent.rcoi[0], encoding="ascii")

"""Whether this station can scan an exam: each check with its verdict and its cure, kept as it was found."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from audit.log import Actor, record
from audit.models import Event
from common import files
from common.errors import both
from common.work import clock, jobs, life
from common.work.clock import now
from keys import access
from keys.errors import NodeCertificateMissingError
from keys.models import AccessKey
from keys.node import node_signer, rcoi_certificates, station_signer
from scanning import calibration, scanner
from scanning.models import Readiness
from scanning.recognition.decoder import decoder
from scanning.recognition.errors import FileRefusedError
from scanning.sources import store_part
from stations.models import ExamPoint, Sitting
from wire.errors import PpeError

OK, WARN, BAD = "ok", "warn", "bad"
Line = dict[str, Any]

_GB = 1_000_000_000
#: A day of a point is a few gigabytes at the most; uploads and the database want room beside.
_DISK = (2 * _GB, 10 * _GB)
_QUEUES = {"heavy": gettext_lazy("recognition"), "link": gettext_lazy("delivery")}
_SKEW = timedelta(seconds=60)
_SILENT = 60.0
_SOON = timedelta(days=3)
_CALIBRATED_FOR = timedelta(hours=18)


def _line(code: str, verdict: str, title: Callable[[], str], said: Callable[[], str], cure: str = "") -> Line:
    words, told = both(title), both(said)
    line = {"code": code, "verdict": verdict, "title": words.as_json(), "said": told.as_json()}
    return {**line, "cure": both(lambda: _(cure)).as_json()} if cure else line


def check(*, sitting: Sitting, actor: Actor) -> Readiness:
    """Check everything and keep what was found.

    Args:
        sitting: The exam that the station is prepared for.
        actor: Who asks.
    """
    lines = list(_checks(sitting))
    test = last_test(sitting.point)
    lines.append(test or _no_test())
    return _keep(sitting.point, lines, actor)


def _keep(point: ExamPoint, lines: list[Line], actor: Actor) -> Readiness:
    made = Readiness.objects.create(point=point, lines=lines, checked_by=actor.name[:200])
    bad = [line["code"] for line in lines if line["verdict"] == BAD]
    record(
        "scanning.readiness",
        about=made,
        actor=actor,
        data={"bad": bad, "warn": [line["code"] for line in lines if line["verdict"] == WARN]},
    )
    return made


def _checks(sitting: Sitting) -> Iterator[Line]:
    yield _disk()
    yield _clock(sitting)
    yield _queue()
    yield _reader()
    yield _scanner()
    yield _certificate("station", sitting.point)
    yield _certificate("node", sitting.point)
    yield _centre()
    yield _key(sitting)


def _disk() -> Line:
    free = shutil.disk_usage(files.data_dir()).free
    verdict = BAD if free < _DISK[0] else WARN if free < _DISK[1] else OK
    return _line(
        "disk",
        verdict,
        lambda: _("Room on the disk"),
        lambda: _("%(size)s GB free") % {"size": f"{free / _GB:.0f}"},
        "" if verdict == OK else gettext_noop("Free some space: a day of exams needs at least 10 GB."),
    )


def _clock(sitting: Sitting) -> Line:
    def title() -> str:
        return _("Clock")

    at = now()
    shown = clock.local(at, sitting.point.timezone).strftime("%d.%m.%Y %H:%M:%S")
    last = Event.objects.order_by("-pk").values_list("at", flat=True).first()
    if last is not None and last - at > _SKEW:
        cure = gettext_noop("Set the computer's clock: the log holds events of the future.")
        return _line("clock", BAD, title, lambda: _("%(time)s, the clock is late") % {"time": shown}, cure)
    centre = _centre_time()
    if centre is None:
        cure = gettext_noop("No line to the centre: compare with an exact clock.")
        return _line("clock", WARN, title, lambda: _("%(time)s, nothing to compare with") % {"time": shown}, cure)
    skew = round((at - centre).total_seconds())
    if abs(skew) > _SKEW.total_seconds():
        cure = gettext_noop("Set the exact time on the computer.")
        return _line("clock", BAD, title, lambda: _("%(count)s s apart from the centre") % {"count": skew}, cure)
    return _line("clock", OK, title, lambda: _("%(time)s, as at the centre") % {"time": shown})


def _centre_time() -> Any:
    """The centre's clock, as its web server's answer carries it; None without a line."""
    if not settings.PPE_RCOI_URL:
        return None
    try:
        answer = httpx.get(f"{settings.PPE_RCOI_URL.rstrip('/')}/healthz", timeout=4)
        return parsedate_to_datetime(answer.headers["Date"])
    except (httpx.HTTPError, KeyError, TypeError, ValueError):
        return None


def _queue() -> Line:
    ages = {cluster: life.age(cluster) for cluster in jobs.CLUSTERS}
    silent = [name for name, age in ages.items() if age is None or age > _SILENT]
    if not silent:
        return _line("queue", OK, lambda: _("Background work"), lambda: _("both queues answer"))
    return _line(
        "queue",
        BAD,
        lambda: _("Background work"),
        lambda: _("no answer from: %(names)s") % {"names": ", ".join(str(_QUEUES[name]) for name in silent)},
        gettext_noop("Start the node again: neither recognition nor delivery works."),
    )


def _reader() -> Line:
    """The recognition reads the calibration sheet that this node draws itself."""

    def title() -> str:
        return _("Recognition")

    path = files.folder("tmp") / f"{uuid4().hex}.pdf"
    try:
        path.write_bytes(calibration.sheet())
        told = calibration.evaluate(decoder().read(path, 0, path.with_suffix(".tif"))["reading"])
    except FileRefusedError as refusal:
        words = refusal
        return _line(
            "reader", BAD, title, lambda: words.text(), gettext_noop("Start the node again and check once more.")
        )
    finally:
        path.unlink(missing_ok=True)
        path.with_suffix(".tif").unlink(missing_ok=True)
    if told:
        return _line(
            "reader",
            BAD,
            title,
            lambda: ", ".join(map(str, told)),
            gettext_noop("Start the node again and check once more."),
        )
    return _line("reader", OK, title, lambda: _("the reference sheet is read"))


def _scanner() -> Line:
    def title() -> str:
        return _("Scanner")

    try:
        found = scanner.devices()
    except PpeError as refusal:
        said = refusal
        cure = gettext_noop("If another program scans the sheets, watch its folder in the room or upload the files.")
        return _line("scanner", WARN, title, lambda: said.text(), cure)
    names = ", ".join(each.label for each in found)
    return _line("scanner", OK, title, lambda: names)


def _certificate(which: str, point: ExamPoint) -> Line:
    def title() -> str:
        return _("Certificate of the scanning station") if which == "station" else _("Certificate of the node")

    try:
        signer = station_signer(point) if which == "station" else node_signer(point)
    except NodeCertificateMissingError as refusal:
        words = refusal
        return _line(
            f"certificate_{which}",
            BAD,
            title,
            lambda: words.text(),
            gettext_noop("Load the exam package of the centre."),
        )
    until = signer.certificate.not_valid_after_utc
    shown = clock.local(until, point.timezone).strftime("%d.%m.%Y")
    soon = until - now() < _SOON
    return _line(
        f"certificate_{which}",
        WARN if soon else OK,
        title,
        lambda: _("valid until %(day)s") % {"day": shown},
        gettext_noop("Ask the centre for a new certificate.") if soon else "",
    )


def _centre() -> Line:
    try:
        count = len(rcoi_certificates())
    except NodeCertificateMissingError:
        count = 0
    return _line(
        "certificate_rcoi",
        OK if count else BAD,
        lambda: _("Certificates of the centre"),
        lambda: _("valid: %(count)s") % {"count": count},
        "" if count else gettext_noop("Load the exam package: packets cannot be sealed without them."),
    )


def _key(sitting: Sitting) -> Line:
    def title() -> str:
        return _("Access key")

    key = access.active(sitting)
    if key is not None:
        until = clock.local(key.until, sitting.point.timezone).strftime("%d.%m %H:%M")
        return _line("key", OK, title, lambda: _("active until %(time)s") % {"time": until})
    if AccessKey.objects.filter(sitting=sitting).exists():
        return _line(
            "key",
            WARN,
            title,
            lambda: _("loaded, not activated"),
            gettext_noop("The GEK member activates the key with the token."),
        )
    return _line(
        "key", WARN, title, lambda: _("not loaded"), gettext_noop("Load the key's file on the day of the exam.")
    )


def _no_test() -> Line:
    return _line(
        "test_sheet",
        WARN,
        lambda: _("Calibration sheet"),
        lambda: _("not scanned yet"),
        gettext_noop("Print the calibration sheet, scan it and upload it on this page."),
    )


def last_test(point: ExamPoint) -> Line | None:
    """Return the verdict about the last calibration sheet that was scanned not long ago."""
    rows = Readiness.objects.filter(point=point, checked_at__gt=now() - _CALIBRATED_FOR).order_by("-pk")[:50]
    return next((each for row in rows for each in row.lines if each["code"] == "test_sheet" and "at" in each), None)


def test_sheet(*, sitting: Sitting, content: "UploadedFile | Path", name: str, actor: Actor) -> Readiness:
    """Judge a scan of the calibration sheet, and keep the verdict with a fresh check of everything.

    Raises:
        FileRefusedError: It is no picture of a page.
        FileTooBigError, DiskFullError: No room for it.
    """
    path = store_part(content)
    try:
        decoder().inspect(path, name)
        faults = calibration.evaluate(decoder().read(path, 0, path.with_suffix(".tif"))["reading"])
    finally:
        path.unlink(missing_ok=True)
        path.with_suffix(".tif").unlink(missing_ok=True)
    verdict = BAD if faults else OK
    shown = clock.local(now(), sitting.point.timezone).strftime("%H:%M")
    line = _line(
        "test_sheet",
        verdict,
        lambda: _("Calibration sheet"),
        lambda: (
            "; ".join(str(each) for each in faults) if faults else _("nothing to remark, %(time)s") % {"time": shown}
        ),
        gettext_noop("Remove the cause and scan the calibration sheet again.") if faults else "",
    )
    line["at"] = now().isoformat()
    return _keep(sitting.point, [*_checks(sitting), line], actor)

"""The portal and `ppe-station verify` say the same of every journal, and openssl opens what both call good."""

import itertools
import subprocess
import warnings
from pathlib import Path

import pytest

from journals import intake
from journals.verdicts import Verdict
from keys.models import Certificate
from keys.trust import trust_store
from station_client import verifying
from tests.support.journals import JournalStation, print_station, sets
from tests.support.keys import OPERATOR
from wire import journal

pytestmark = pytest.mark.django_db

# what only the portal can know: the registry, other journals of the station, its own clock
_PORTAL_ONLY = {"station", "post", "room", "serial", "clock", "shorter", "fork"}


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new, 1)


def shelf(keys) -> dict[str, tuple[str, bytes]]:
    """Good and bad journals by a word for each: name and bytes."""

    def station(ordinal: int) -> JournalStation:
        return print_station(keys).add("set_printed", set=ordinal)

    keys.activate()
    count = itertools.count(1)
    good = station(next(count))
    name, data = good.name, good.seal(sets(2)).close()
    ended = station(next(count)).close()
    odd = station(next(count)).add("set_printed", set=3)
    odd.lines.append(
        journal.make_line(
            journal.Entry(
                len(odd.lines),
                journal.read_header(odd.lines[0]).opened_at,
                "set_printed",
                "success",
                None,
                {"sheet": 1},
                journal.line_hash(odd.lines[-1]),
            )
        )
    )
    unfinished = station(next(count))
    return {
        "good": (name, data),
        "many entries": (name, _long(keys)),
        "unsigned": (name, station(next(count)).close(signer=None)),
        "another station's signature": (name, station(next(count)).close(signer="print-0002")),
        "not closed": (name, unfinished.signed()),
        "odd entries": (name, odd.close()),
        "changed entry": (name, changed(ended, b'"set":2', b'"set":7')),
        "changed last entry": (name, changed(ended, b'"journal_closed"', b'"journal_c1osed"')),
        "changed signature": (name, ended[:-1] + bytes([ended[-1] ^ 1])),
        "cut": (name, ended[:-40]),
        "cut lines": (name, station(next(count)).close(signer=None)[:-20]),
        "doubled end": (name, ended + b"\0"),
        "not a journal": (name, b"\x89PNG\r\n"),
        "zeros": (name, b"\0" * 4096),
        "copy": (name.replace(".dat", " (1).dat"), station(next(count)).close()),
        "another room in the name": (name.replace("_0101_", "_0102_"), station(next(count)).close()),
        "seven digits of a date": (_seven(name), station(next(count)).close()),
        "no journal's name": ("журнал.dat", station(next(count)).close()),
    }


def _long(keys) -> bytes:
    made = print_station(keys)
    for ordinal in range(300):
        made.add("set_printed", set=ordinal)
    return made.close()


def _seven(name: str) -> str:
    parts = name.split("_")
    parts[4] = f"{parts[4][:4]}0{parts[4][4:]}"
    return "_".join(parts)


def of_portal(verdict: Verdict) -> tuple[str, set[str]]:
    """What the portal concluded, in the words of `verify`, and its sentences."""
    if verdict.journal is None:
        return "refused", set()
    doubts = [doubt for doubt in verdict.journal.doubts if doubt["field"] not in _PORTAL_ONLY or "имени" in doubt["ru"]]
    broken = not verdict.journal.lines_size
    return "refused" if broken else "problems" if doubts else "ok", {doubt["ru"] for doubt in doubts}


def test_both_say_the_same(keys, tmp_path):
    for word, (name, data) in shelf(keys).items():
        path = tmp_path / name
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = verifying.verify(path, trust_store())
            verdict, sentences = of_portal(intake.ingest(data=data, name=name, door="browser", actor=OPERATOR))
        assert report.verdict == verdict, word
        said = {each.ru for each in report.problems}
        # of a file that does not hold, `verify` stops at the first reason; the portal looks at the name as well
        assert said == sentences if verdict != "refused" else not sentences or said & sentences, word


@pytest.mark.parametrize("word", ["good", "many entries", "odd entries", "not closed"])
def test_openssl_opens_every_journal(keys, tmp_path, word):
    data = shelf(keys)[word][1]
    (tmp_path / "ca.pem").write_text(Certificate.objects.get(role="ca").pem)
    (tmp_path / "j.dat").write_bytes(data)
    run = openssl(tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout == journal.read(data, trust=trust_store()).lines


def test_openssl_refuses_what_both_refuse(keys, tmp_path):
    (tmp_path / "ca.pem").write_text(Certificate.objects.get(role="ca").pem)
    rows = shelf(keys)
    for word in ("changed entry", "changed last entry", "changed signature", "cut"):
        (tmp_path / "j.dat").write_bytes(rows[word][1])
        assert openssl(tmp_path).returncode != 0, word


def openssl(folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = "openssl cms -verify -binary -inform DER -in j.dat -CAfile ca.pem"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False)

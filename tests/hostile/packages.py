"""Exam packages of another world: sound, and spoiled in every way that a reader must notice."""

import copy
import dataclasses
import io
import zipfile
from collections.abc import Callable
from typing import Any

from tests.support.pki import DAY, other_fixtures, registry, the_fixtures
from wire import cms, pki
from wire.documents import package
from wire.documents.package import PackageDocument

HEAD, SIGNATURE = "package.json", "package.json.p7s"


def exam(**header: Any) -> PackageDocument:
    """Return the package of point 78-0001 for the day of the other world."""
    world = the_fixtures()
    said = {
        "mode": "live",
        "region": "78",
        "point": "0001",
        "date": DAY.isoformat(),
        "version": 1,
        "made_at": "2026-05-28T10:00:00.000000Z",
    }
    return PackageDocument(
        header=said | header,
        registry={**registry(), "mode": header.get("mode", "live")},
        certificates=[pki.pem(world.certificates[name]) for name in ("hq", "print", "scan", "gek")],
        crl=world.crl,
        rcoi=[pki.pem(world.certificates["rcoi"])],
        access=[pki.pem(world.certificates["access"])],
        forms={},
        deadlines={},
        ca=pki.pem(world.ca),
    )


def write(found: PackageDocument | None = None) -> bytes:
    return package.write(found or exam(), signer=the_fixtures().signer("rcoi"))


def fingerprint() -> str:
    """Return what the centre tells by phone."""
    return pki.fingerprint(the_fixtures().ca)


def with_registry(change: Callable[[dict[str, Any]], object]) -> PackageDocument:
    """Return a package whose registry says something odd, signed all the same."""
    made = exam()
    document = copy.deepcopy(made.registry)
    change(document)
    return dataclasses.replace(made, registry=document)


def repack(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    """Return the same ZIP with members changed, added or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name, content in {**{name: old.read(name) for name in old.namelist()}, **changes}.items():
            if content is not None:
                new.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def forged() -> bytes:
    """The right authority's certificate within, signed by a stranger's centre."""
    data = write()
    stranger = cms.sign(member(data, HEAD), signers=[other_fixtures().signer("rcoi")], detached=True)
    return repack(data, {SIGNATURE: stranger})


def signed_by_a_station() -> bytes:
    data = write()
    return repack(
        data, {SIGNATURE: cms.sign(member(data, HEAD), signers=[the_fixtures().signer("print")], detached=True)}
    )


def _sitting(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["points"][0]["sittings"][0]
    return found


#: What may be wrong with a registry that follows its schema.
ODD_REGISTRIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "an unknown room": lambda d: _sitting(d)["rooms"].append({"number": "0999", "seats": 15}),
    "a post in an unknown room": lambda d: _sitting(d)["posts"][0].update(room="0999"),
    "an unknown station": lambda d: _sitting(d)["posts"][0].update(station_number="0099"),
    "an unknown person": lambda d: _sitting(d)["assignments"][0].update(person="nobody"),
    "an unknown role": lambda d: _sitting(d)["assignments"][0].update(role="emperor"),
    "an unknown subject": lambda d: _sitting(d).update(subject="99"),
    "a clock that is not": lambda d: _sitting(d).update(deadlines={"exams_finished": "99:99"}),
    "a zone that is not": lambda d: d["points"][0].update(timezone="Europe/../../etc/passwd"),
    "no zone at all": lambda d: [each.pop("timezone") for each in (d["region"], d["points"][0])],
    "too many seats": lambda d: d["points"][0]["rooms"][0].update(seats=1 << 50),
    "a role of the staff": lambda d: d["staff"][0].update(role="root"),
}

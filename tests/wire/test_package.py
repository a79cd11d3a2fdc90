"""Exam packages: signed, whole, of one authority."""

import dataclasses
import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pki import other_fixtures, registry, the_fixtures
from wire import pki
from wire.documents import package
from wire.documents.package import PackageDocument, PackageError
from wire.errors import PpeError
from wire.pki import CertificatePathError
from wire.schema import SchemaError


def exam(**changes: Any) -> PackageDocument:
    world = the_fixtures()
    found = PackageDocument(
        header={
            "mode": "training",
            "region": "78",
            "point": "0001",
            "date": "2026-05-29",
            "version": 1,
            "made_at": "2026-05-28T10:00:00.000000Z",
        },
        registry=registry(),
        certificates=[pki.pem(world.certificates[name]) for name in ("print", "scan", "gek")],
        crl=world.crl,
        rcoi=[pki.pem(world.certificates["rcoi"])],
        access=[pki.pem(world.certificates["access"])],
        forms={"01": ["R", "AB", "C1", "C2"]},
        deadlines={"exams_finished": "18:00"},
        ca=pki.pem(world.ca),
    )
    return dataclasses.replace(found, **changes)


def write(found: PackageDocument | None = None, signer: str = "rcoi") -> bytes:
    return package.write(found or exam(), signer=the_fixtures().signer(signer))


def repack(data: bytes, **members: bytes | None) -> bytes:
    """The same ZIP with members changed, added or (None) left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        found = {name: old.read(name) for name in old.namelist()}
        for name, content in {**found, **{key.replace("__", "."): value for key, value in members.items()}}.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def test_it_is_read_back():
    found, signed_by = package.read(write(), trust=the_fixtures().trust)
    assert dataclasses.replace(found, header={}) == dataclasses.replace(exam(), header={})
    assert {key: value for key, value in found.header.items() if key != "format"} == exam().header
    assert signed_by.identity.urn == "urn:ppe:rcoi:78:0000:01"


def test_the_phone_secret_travels_sealed():
    found, _ = package.read(write(exam(phone_secret=b"sealed")), trust=the_fixtures().trust)
    assert found.phone_secret == b"sealed"
    assert package.read(write(), trust=the_fixtures().trust)[0].phone_secret is None


def test_on_the_first_run_the_authority_in_it_is_told_for_confirmation():
    found, _ = package.read(write(), trust=None)
    assert found.ca_fingerprint == pki.fingerprint(the_fixtures().ca)
    assert found.trust().check(the_fixtures().certificates["print"], at=dt.datetime.now(dt.UTC)).ident == "0001"


def test_the_authority_is_found_among_the_certificates():
    with_ca = exam(ca="", certificates=[pki.pem(the_fixtures().ca), *exam().certificates])
    found, _ = package.read(write(with_ca), trust=None)
    assert found.ca_fingerprint == pki.fingerprint(the_fixtures().ca)
    with pytest.raises(PackageError):
        write(exam(ca=""))


def test_no_private_key_and_no_password_is_in_it():
    with zipfile.ZipFile(io.BytesIO(write())) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"PRIVATE KEY" not in content


def test_a_foreign_authority_is_refused():
    with pytest.raises(CertificatePathError):
        package.read(write(), trust=other_fixtures().trust)


@pytest.mark.parametrize("name", ["hq", "gek", "print"])
def test_nobody_but_the_centre_makes_packages(name):
    for trust in (the_fixtures().trust, None):
        with pytest.raises(CertificatePathError):
            package.read(write(signer=name), trust=trust)


@pytest.mark.parametrize(
    "change",
    [
        {"registry__json": b"{}"},
        {"crl__der": b""},
        {"access__pem": None},
        {"extra__txt": b"hello"},
        {"package__json": b"{}"},
        {"package__json__p7s": None},
        {"ca__pem": None},
    ],
)
def test_a_changed_missing_or_added_file_is_refused(change):
    data = write()
    for trust in (the_fixtures().trust, None):
        with pytest.raises(PpeError):
            package.read(repack(data, **change), trust=trust)


def test_another_authority_cannot_be_slipped_in():
    data = repack(write(), ca__pem=pki.pem(other_fixtures().ca).encode(), crl__der=other_fixtures().crl)
    with pytest.raises(PpeError):
        package.read(data, trust=None)


def test_a_bomb_is_refused_before_it_unpacks():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("package.json", "w", force_zip64=True) as member,
    ):
        for _ in range(package.MAX_FILE // (1 << 20) + 1):
            member.write(bytes(1 << 20))
    with pytest.raises(PackageError):
        package.read(out.getvalue(), trust=None)


@pytest.mark.parametrize("field", ["region", "points", "mode"])
def test_a_registry_that_is_not_one_is_refused(field):
    broken = registry()
    del broken[field]
    with pytest.raises(SchemaError):
        write(exam(registry=broken))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_package_or_refused(data):
    for blob in (data, b"PK\x03\x04" + data):
        with pytest.raises(PpeError):
            package.read(blob, trust=None)


def test_a_damaged_package_is_refused():
    whole = write()
    for place in range(0, len(whole), 97):
        data = bytearray(whole)
        data[place] ^= 0x55
        try:
            found, _ = package.read(bytes(data), trust=the_fixtures().trust)
        except PpeError:
            continue
        assert dataclasses.replace(found, header={}) == dataclasses.replace(exam(), header={})

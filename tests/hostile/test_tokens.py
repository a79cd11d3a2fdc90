"""Token files in a drive: whatever lies there under the name of a token, and whoever's it is."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from keys.models import PinFailures
from keys.tokens import list_tokens
from tests.hostile.conftest import HostilePoint
from tests.hostile.files import hostile
from tests.hostile.watch import WatchedAnswer, at, must_refuse, post_form, watched
from tests.support.keys import PIN
from tests.support.pki import other_fixtures
from wire import pki
from wire.cms import der

pytestmark = pytest.mark.django_db

NAME = "hostile.p12"


def foreign(_point: HostilePoint) -> bytes:
    world = other_fixtures()
    return pki.dump_pkcs12(world.keys["gek"], world.certificates["gek"], PIN, name="чужой")


def of_another_point(point: HostilePoint) -> bytes:
    point.keys.certify(pki.CertificateRole.GEK, "elsewhere", point="0007")
    return pki.dump_pkcs12(point.keys.keys["gek-elsewhere"], None, PIN, name="чужой")


def of_a_station(point: HostilePoint) -> bytes:
    point.keys.signer("print-0001")
    return pki.dump_pkcs12(point.keys.keys["print-0001"], None, PIN, name="станция")


def mixed(point: HostilePoint) -> bytes:
    """The certificate of one beside the key of another."""
    world = other_fixtures()
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    other = pki.generate_key()
    data: bytes = pkcs12.serialize_key_and_certificates(
        b"x", other, None, [world.certificates["gek"]], BestAvailableEncryption(PIN.encode())
    )
    return data


def weak(_point: HostilePoint) -> bytes:
    return _dump(rsa.generate_private_key(65537, 1024))


def other_curve(_point: HostilePoint) -> bytes:
    return _dump(ec.generate_private_key(ec.SECP521R1()))


def _dump(key: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    data: bytes = pkcs12.serialize_key_and_certificates(b"x", key, None, None, BestAvailableEncryption(PIN.encode()))  # type: ignore[arg-type]
    return data


def no_key(point: HostilePoint) -> bytes:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

    certificate = point.keys.certificates[f"gek-{point.keys.gek_uid}"]
    data: bytes = pkcs12.serialize_key_and_certificates(
        b"x", None, certificate, None, BestAvailableEncryption(PIN.encode())
    )
    return data


def own(point: HostilePoint, pin: str = PIN) -> bytes:
    return pki.dump_pkcs12(point.keys.keys[f"gek-{point.keys.gek_uid}"], None, pin, name="x")


def slow(point: HostilePoint, *, mac: bool) -> bytes:
    """The very token, asking for two thousand million rounds: of its seal, or of its encryption."""

    def rewritten(node: der.DerNode, top: int) -> bytes:
        if node.tag & der.CONSTRUCTED:
            return der.tlv(node.tag, *(rewritten(child, top + 1) for child in node.children()))
        if node.tag == der.OCTET_STRING and node.body[:1] == b"\x30":
            return der.octets(rewritten(der.parse(node.body), top + 1))
        wanted = 2048 if mac else 20_000
        if node.tag == der.INTEGER and node.integer() == wanted:
            return der.integer((1 << 31) - 1)
        return node.raw

    made = rewritten(der.parse(own(point)), 0)
    assert made.count(der.integer((1 << 31) - 1)) == 1
    return made


#: What lies in the drive, and the code it is refused with when somebody chooses it with a PIN.
TOKENS: dict[str, tuple[Callable[[HostilePoint], bytes], str]] = {
    "empty": (lambda p: b"", "certificate_malformed"),
    **{
        name: ((lambda p, name=name: hostile(name)), "certificate_malformed")
        for name in ("noise", "photo", "zeros", "words", "zip_slip", "der_fake", "der_deep", "deep_json", "page")
    },
    "too big": (lambda p: b"\x30" + b"\x80" * (1 << 20), "certificate_malformed"),
    "torn": (lambda p: own(p)[:-30], "certificate_malformed"),
    "a PEM key": (lambda p: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "certificate_malformed"),
    "another PIN": (lambda p: own(p, "999999"), "wrong_pin"),
    "no key in it": (no_key, "certificate_malformed"),
    "a stranger's": (foreign, "foreign_token"),
    "of another point": (of_another_point, "foreign_token"),
    "of a station": (of_a_station, "foreign_token"),
    "a strange key": (mixed, "foreign_token"),
    "a weak key": (weak, "certificate_malformed"),
    "another curve": (other_curve, "certificate_malformed"),
    "two thousand million rounds of the seal": (lambda p: slow(p, mac=True), "certificate_malformed"),
    "two thousand million rounds of the key": (lambda p: slow(p, mac=False), "certificate_malformed"),
}


def lay(point: HostilePoint, data: bytes) -> str:
    """Put a token into the drive; return how forms name it."""
    path = point.keys.token_dir / NAME
    path.write_bytes(data)
    return next(info.id for info in list_tokens() if info.path == str(path))


def choose(point: HostilePoint, token: str, pin: str = PIN) -> WatchedAnswer:
    """Choose a token where the access key is activated."""
    key = point.day.sitting.access_keys.get()
    return post_form(point.client, f"/keys/{point.day.key}/", "activate", access_key=str(key.pk), token=token, pin=pin)


def test_no_file_in_the_drive_opens_anything(point: HostilePoint) -> None:
    point.keys.load()
    for name, (make, code) in TOKENS.items():
        token = lay(point, make(point))
        PinFailures.objects.all().delete()
        with at("token", name), watched(point.data_dir) as watch:
            began = time.process_time()
            answer = choose(point, token)
            assert time.process_time() - began < 3, "the machine was busy with a hostile file"
            if code == "wrong_pin":
                PinFailures.objects.all().delete()  # counted, as the design wants
            must_refuse(answer, watch, code, kinds="refused keys.wrong_pin keys.foreign_token")
            assert PIN not in answer.body
    assert point.day.sitting.access_keys.get().state == "loaded"


def sign(point: HostilePoint, **fields: str) -> WatchedAnswer:
    post = point.day.posts["print-0006"].pk
    return post_form(
        point.gek.client,
        f"/monitoring/{point.day.key}/",
        f"act-{post}",
        reason="Станция не включается",
        text="",
        **fields,
    )


def test_at_the_other_forms_with_a_pin_it_is_the_same(point: HostilePoint) -> None:
    token = lay(point, foreign(point))
    own_token = point.keys.token_info().id
    cases = {
        "a stranger's": (token, PIN, "foreign_token"),
        "a wrong PIN": (own_token, "000000", "wrong_pin"),
        "no PIN": (own_token, "", "wrong_pin"),
        "a long PIN": (own_token, "9" * 10_000, "wrong_pin"),
        "a PIN with a NUL": (own_token, "1\0" + PIN, "wrong_pin"),
        "no token": ("", PIN, "token_missing"),
        "a path for a token": ("../../etc/passwd", PIN, "token_missing"),
    }
    for name, (chosen, pin, code) in cases.items():
        PinFailures.objects.all().delete()
        with at("act", name), watched(point.data_dir) as watch:
            answer = sign(point, token=chosen, pin=pin)
            PinFailures.objects.all().delete()
            must_refuse(answer, watch, code, kinds="refused")
    for _ in range(5):
        sign(point, token=own_token, pin="000000")
    with at("act", "the right PIN after five wrong ones"), watched(point.data_dir) as watch:
        must_refuse(sign(point, token=own_token, pin=PIN), watch, "token_locked")


def test_a_pin_that_others_can_hear_is_not_taken(point: HostilePoint) -> None:
    point.keys.load()
    url = f"/keys/{point.day.key}/"
    key = point.day.sitting.access_keys.get()
    with at("activate", "over a plain line"), watched(point.data_dir) as watch:
        answer = point.client.post(
            url,
            {"form": "activate", "access_key": key.pk, "token": point.keys.token_info().id, "pin": PIN},
            REMOTE_ADDR="192.168.1.7",
            follow=True,
        )
        from tests.hostile.watch import notes

        must_refuse(notes(answer.content.decode()), watch, "pin_over_open_channel")


def test_names_that_are_no_text_and_links_do_not_stop_the_pages(point: HostilePoint, tmp_path: Path) -> None:
    folder = point.keys.token_dir
    (folder / b"gek-78-0001-\xff\xfe.p12".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    (folder / "loop.p12").symlink_to(folder / "loop.p12")
    (folder / "folder.p12").mkdir()
    (folder / "below").symlink_to(folder)
    (folder / "device.p12").symlink_to("/dev/zero")
    (folder / "<script>alert(1)<").mkdir()
    (folder / "<script>alert(1)<" / "x.p12").write_bytes(b"x")
    for path in ("keys", "monitoring", "transfers", "scanning"):
        for address in (f"/{path}/{point.day.key}/", f"/scanning/{point.day.key}/0101/"):
            page = point.gek.client.get(address)
            assert page.status_code == 200, address
            assert b"<script>alert(1)" not in page.content
    broken = next(info for info in list_tokens() if "�" in info.label)
    point.keys.load()
    with at("token", "a name that is no text"), watched(point.data_dir) as watch:
        must_refuse(choose(point, broken.id), watch, "certificate_malformed")

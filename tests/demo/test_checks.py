"""The search for private keys finds a scalar in every spelling, and nothing where there is none."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from reportlab.pdfgen import canvas

from demo import checks
from demo.checks import CheckFailedError
from tests.support.needs import missing


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


def spellings(key):
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    return {
        "der": der,
        "sec1": key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "pem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "pem-sec1": key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
        "hex": scalar.hex().encode(),
        "HEX": scalar.hex().upper().encode(),
        **{f"base64+{shift}": base64.b64encode(b"x" * shift + der) for shift in range(3)},
    }


def test_it_finds_every_spelling(key, tmp_path):
    for name, data in spellings(key).items():
        (tmp_path / name).write_bytes(b"before " + data + b" after")
    (tmp_path / "innocent").write_bytes(b"nothing here" * 50)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    assert {path.name for path in checks.holders(scalar, [tmp_path])} == set(spellings(key))


def test_another_key_is_not_found(key, tmp_path):
    other = ec.generate_private_key(ec.SECP256R1())
    for name, data in spellings(other).items():
        (tmp_path / name).write_bytes(data)
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    assert checks.holders(scalar, [tmp_path]) == []


def test_a_word_must_stand_in_its_own_part_of_a_paper(tmp_path):
    if "pdftotext" in checks.missing_tools():
        missing("pdftotext")
    paper = tmp_path / "act.pdf"
    page = canvas.Canvas(str(paper))
    for place, line in enumerate(["Rooms", "0101", "0102", "Journals", "0103", "Signatures"]):
        page.drawString(50, 800 - 20 * place, line)
    page.save()
    checks.pdf_says(paper, ["0103"])
    checks.pdf_says_between(paper, "Rooms", "Journals", ["0101", "0102"])
    with pytest.raises(CheckFailedError, match="0103"):
        checks.pdf_says_between(paper, "Rooms", "Journals", ["0103"])
    with pytest.raises(CheckFailedError, match="Stations"):
        checks.pdf_says_between(paper, "Stations", "Journals", ["0101"])

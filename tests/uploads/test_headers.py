"""Headers of tus: what is read from them, and which are refused before a byte of the body is taken."""

import base64
import hashlib

import pytest
from django.test import RequestFactory

from uploads import headers
from uploads.errors import (
    BadHeaderError,
    LengthRequiredError,
    UnknownChecksumError,
    WrongMediaTypeError,
    WrongProtocolVersionError,
)

SHA1 = base64.b64encode(hashlib.sha1(b"x").digest()).decode()
SHA256 = base64.b64encode(hashlib.sha256(b"x").digest()).decode()


def request(method="PATCH", body=b"", content_type="application/offset+octet-stream", **said):
    return RequestFactory().generic(
        method, "/files/", body, content_type, headers={name.replace("_", "-"): value for name, value in said.items()}
    )


@pytest.mark.parametrize("said", [{}, {"Tus_Resumable": "0.2.2"}, {"Tus_Resumable": "1.0.0 "}])
def test_another_version_of_the_protocol_is_refused(said):
    with pytest.raises(WrongProtocolVersionError):
        headers.check_version(request(**said))


def test_our_version_of_the_protocol_passes():
    headers.check_version(request(Tus_Resumable="1.0.0"))


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "0x10", "٣", "1" * 16, " 1"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(BadHeaderError):
        headers.number(request(Upload_Offset=text), "Upload-Offset")


def test_a_whole_number_is_read():
    assert headers.number(request(Upload_Offset="0017"), "Upload-Offset") == 17


def test_a_body_without_an_announced_length_is_refused():
    with pytest.raises(LengthRequiredError):
        headers.body_length(request(Transfer_Encoding="gzip, Chunked"))


@pytest.mark.parametrize(("method", "body"), [("PATCH", b""), ("PATCH", b"abc"), ("POST", b"abc")])
def test_a_body_of_another_media_type_is_refused(method, body):
    with pytest.raises(WrongMediaTypeError):
        headers.body_length(request(method, body, "application/json"))


def test_a_creation_without_a_body_needs_no_media_type():
    assert headers.body_length(request("POST", b"", "")) == 0


def test_the_length_of_a_body_is_what_it_announces():
    assert headers.body_length(request(body=b"abc", content_type="Application/Offset+Octet-Stream; x=y")) == 3


@pytest.mark.parametrize(
    "header",
    [
        "имя YQ==",
        "name YQ==,name Yg==",
        "name YQ=",
        "name YQ==,",
        f"name {base64.b64encode(b'a' + bytes(1)).decode()}",
        f"name {base64.b64encode(bytes([255])).decode()}",
        "name " + "YWFh" * 2048,
    ],
)
def test_malformed_metadata_is_refused(header):
    with pytest.raises(BadHeaderError):
        headers.metadata(header)


def test_metadata_is_read_with_cyrillic_names_and_empty_values():
    name = base64.b64encode("Бланки.zip".encode()).decode()
    assert headers.metadata(f"name {name}, flag") == {"name": "Бланки.zip", "flag": ""}
    assert headers.metadata(" ") == {}


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("sha1", BadHeaderError),
        ("sha1 ???", BadHeaderError),
        (f"sha256 {SHA1}", BadHeaderError),
        (f"md5 {base64.b64encode(bytes(16)).decode()}", UnknownChecksumError),
    ],
)
def test_a_checksum_that_proves_nothing_is_refused(header, error):
    with pytest.raises(error):
        headers.checksum(request(Upload_Checksum=header))


def test_a_checksum_is_read_and_none_is_none():
    assert headers.checksum(request()) is None
    read = headers.checksum(request(Upload_Checksum=f"sha256 {SHA256}"))
    assert (read.algorithm, read.digest) == ("sha256", hashlib.sha256(b"x").digest())

"""Requests and responses of tus 1.0, as a client sees them. Cases named `tusd:` follow its handler tests."""

import base64
import hashlib

import httpx
import pytest

from tests.support.upload_node import HQ, OTHER, PRINT, TUS
from tests.uploads.conftest import begin, offset_of, pack, send


def test_it_says_what_it_can(node):
    answer = httpx.options(f"{node.url}/api/v1/uploads/")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "termination",
        "expiration",
    }
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(answer.headers["Tus-Max-Size"]) > 0


#: name, method, with a location, headers changed (None removes), body, expected status
CASES = [
    ("tusd: post without Tus-Resumable", "POST", 0, {"Tus-Resumable": None, "Upload-Length": "3"}, b"", 412),
    ("tusd: post with another version", "POST", 0, {"Tus-Resumable": "0.2.2", "Upload-Length": "3"}, b"", 412),
    ("tusd: post without Upload-Length", "POST", 0, {}, b"", 400),
    ("tusd: post with a negative length", "POST", 0, {"Upload-Length": "-5"}, b"", 400),
    ("tusd: post with a length that is no number", "POST", 0, {"Upload-Length": "five"}, b"", 400),
    ("tusd: post above the largest size", "POST", 0, {"Upload-Length": str(1 << 45)}, b"", 413),
    ("length deferred is not offered", "POST", 0, {"Upload-Defer-Length": "1"}, b"", 400),
    ("no purpose", "POST", 0, {"Upload-Length": "3", "Upload-Metadata": None}, b"", 400),
    ("empty metadata is read, and has no purpose", "POST", 0, {"Upload-Length": "3", "Upload-Metadata": ""}, b"", 400),
    ("metadata that is no base64", "POST", 0, {"Upload-Length": "3", "Upload-Metadata": "purpose %%"}, b"", 400),
    ("a key twice", "POST", 0, {"Upload-Length": "3", "Upload-Metadata": "a YQ==,a YQ=="}, b"", 400),
    ("a purpose for others", "POST", 0, {"Upload-Length": "3", "Upload-Metadata": pack(purpose="small")}, b"", 403),
    ("not logged in", "POST", 0, {"Upload-Length": "3", "Authorization": None}, b"", 401),
    ("tusd: post with a wrong type", "POST", 0, {"Upload-Length": "3", "Content-Type": "text/plain"}, b"abc", 415),
    ("tusd: head without Tus-Resumable", "HEAD", 1, {"Tus-Resumable": None}, b"", 412),
    ("tusd: head of nothing", "HEAD", 2, {}, b"", 404),
    ("tusd: patch of nothing", "PATCH", 2, {"Upload-Offset": "0"}, b"abc", 404),
    ("tusd: patch without Tus-Resumable", "PATCH", 1, {"Upload-Offset": "0", "Tus-Resumable": None}, b"abc", 412),
    ("tusd: patch of another type", "PATCH", 1, {"Upload-Offset": "0", "Content-Type": "text/plain"}, b"abc", 415),
    ("tusd: patch without an offset", "PATCH", 1, {}, b"abc", 400),
    ("tusd: patch with an offset that is no number", "PATCH", 1, {"Upload-Offset": "two"}, b"abc", 400),
    ("tusd: patch with a negative offset", "PATCH", 1, {"Upload-Offset": "-1"}, b"abc", 400),
    ("tusd: patch at another offset", "PATCH", 1, {"Upload-Offset": "4"}, b"abc", 409),
    ("tusd: patch past the length", "PATCH", 1, {"Upload-Offset": "0"}, b"x" * 11, 413),
    ("checksum of an unknown kind", "PATCH", 1, {"Upload-Offset": "0", "Upload-Checksum": "md5 YQ=="}, b"abc", 400),
    ("checksum without a digest", "PATCH", 1, {"Upload-Offset": "0", "Upload-Checksum": "sha1"}, b"abc", 400),
    ("checksum of a wrong size", "PATCH", 1, {"Upload-Offset": "0", "Upload-Checksum": "sha1 YQ=="}, b"abc", 400),
    ("tusd: delete without Tus-Resumable", "DELETE", 1, {"Tus-Resumable": None}, b"", 412),
    ("tusd: delete of nothing", "DELETE", 2, {}, b"", 404),
    ("a method that is not spoken", "PUT", 1, {}, b"abc", 405),
    ("somebody else's upload is not there", "HEAD", 1, {"Authorization": f"Bearer {OTHER}"}, b"", 404),
    ("an empty patch moves nothing", "PATCH", 1, {"Upload-Offset": "0"}, b"", 204),
    ("tusd: a chunk", "PATCH", 1, {"Upload-Offset": "0"}, b"abc", 204),
]


@pytest.mark.parametrize(
    ("method", "where", "changes", "body", "status"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_it_answers_as_the_protocol_says(node, method, where, changes, body, status):
    with node.client() as client:
        path = "/api/v1/uploads/"
        if where == 1:
            path = begin(client, 10)
        elif where == 2:
            path += "0" * 32 + "/"
        headers = {"Content-Type": "application/offset+octet-stream"} if method == "PATCH" else {}
        headers |= {"Authorization": f"Bearer {HQ}", **TUS}
        if method == "POST":
            headers["Upload-Metadata"] = pack(purpose="probe")
        headers = {k: v for k, v in (headers | changes).items() if v is not None}
        answer = httpx.request(method, node.url + path, headers=headers, content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        if status >= 400 and method != "HEAD" and status != 405:
            problem = answer.json()
            assert problem["code"]
            assert problem["detail_ru"]
        if where == 1 and status >= 400 and method == "PATCH":
            assert offset_of(client, path) == 0


def test_it_takes_a_file_in_pieces_and_hands_it_over_once(node):
    data = bytes(range(256)) * 5000
    with node.client() as client:
        location = begin(client, len(data), filename="пакет № 1.ppe", empty="")
        head = client.head(location)
        assert head.headers["Upload-Length"] == str(len(data))
        assert head.headers["Upload-Metadata"] == pack(purpose="probe", filename="пакет № 1.ppe", empty="")
        assert head.headers["Cache-Control"] == "no-store"
        assert "Upload-Expires" in head.headers
        for start in range(0, len(data), 300_000):
            answer = send(client, location, start, data[start : start + 300_000])
            assert answer.status_code == 204
            assert answer.content == b""
            assert int(answer.headers["Upload-Offset"]) == min(start + 300_000, len(data))
        told = client.get(location).json()
        digest = hashlib.sha256(data).hexdigest()
        assert (told["state"], told["sha256"]) == ("handled", digest)
        assert told["result"] == {"sha256": digest, "length": len(data)}
        assert offset_of(client, location) == len(data)
        assert send(client, location, len(data), b"").status_code == 204
        assert client.delete(location).status_code == 409
    assert [line.split()[0] for line in node.handled()].count(told["uid"]) == 1


@pytest.mark.parametrize("data", [b"", b"x", b"y" * 70_000])
def test_it_creates_with_upload(node, data):
    with node.client() as client:
        answer = client.post(
            "/api/v1/uploads/",
            content=data,
            headers={
                "Upload-Length": str(len(data)),
                "Content-Type": "application/offset+octet-stream",
                "Upload-Metadata": pack(purpose="probe"),
            },
        )
        assert answer.status_code == 201
        assert answer.headers["Upload-Offset"] == str(len(data))
        told = client.get(answer.headers["Location"]).json()
        assert (told["state"], told["sha256"]) == ("handled", hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_it_drops_a_chunk_whose_checksum_is_wrong(node, algorithm):
    def checksum(data):
        return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"

    with node.client() as client:
        location = begin(client, 6)
        assert send(client, location, 0, b"abc", **{"Upload-Checksum": checksum(b"abc")}).status_code == 204
        assert send(client, location, 3, b"dXf", **{"Upload-Checksum": checksum(b"def")}).status_code == 460
        assert offset_of(client, location) == 3
        assert send(client, location, 3, b"def", **{"Upload-Checksum": checksum(b"def")}).status_code == 204
        assert client.get(location).json()["sha256"] == hashlib.sha256(b"abcdef").hexdigest()


def test_it_ends_an_upload_and_frees_its_space(node):
    with node.client() as client:
        location = begin(client, 10)
        uid = location.split("/")[-2]
        assert (node.folder / "uploads" / "incoming" / uid).exists()
        assert client.delete(location).status_code == 204
        assert not (node.folder / "uploads" / "incoming" / uid).exists()
        assert client.head(location).status_code == 410
        assert send(client, location, 0, b"abc").status_code == 410


def test_a_file_that_is_refused_is_no_broken_upload_and_its_refusal_is_told(node):
    with node.client() as client:
        location = begin(client, 3, taste="bad")
        answer = send(client, location, 0, b"abc")
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "3")
        assert answer.headers["Upload-State"] == client.head(location).headers["Upload-State"] == "refused"
        told = client.get(location).json()
        assert (told["state"], told["problem"]["code"]) == ("refused", "no_such_taste")


def test_it_refuses_a_file_that_is_not_the_one_named(node):
    with node.client() as client:
        location = begin(client, 3, sha256=hashlib.sha256(b"abd").hexdigest())
        assert send(client, location, 0, b"abc").status_code == 204
        assert client.get(location).json()["problem"]["code"] == "content_mismatch"


def test_it_refuses_a_file_too_large_for_its_purpose(node):
    with node.client(PRINT) as client:
        headers = {"Upload-Length": "1001", "Upload-Metadata": pack(purpose="small")}
        assert client.post("/api/v1/uploads/", headers=headers).status_code == 413
        headers["Upload-Length"] = "1000"
        assert client.post("/api/v1/uploads/", headers=headers).status_code == 201

"""tusd's published request and response cases, as far as they apply here: https://github.com/tus/tusd, pkg/handler.

Every row names the test function and case of tusd that it follows (files as of v2: options_test.go, post_test.go,
head_test.go, patch_test.go, terminate_test.go). What does not apply: concatenation and deferred length (not offered),
the IETF drafts behind its experimental switch, GET downloads, X-Forwarded-* (the address here is a path), hooks. Where
our answer is stricter on purpose, tusd's own stands in the last column.
"""

import pytest

from tests.uploads.conftest import begin, pack, send

OCTETS = {"Content-Type": "application/offset+octet-stream"}
META = {"Upload-Metadata": pack(purpose="probe")}
#: Names of the file, function and case · state of the upload (offset, length) or None · method · headers (None takes
#: one away) · body · status · headers of the answer · what tusd says where we differ
CASES = [
    (
        "options_test.go TestOptions/Discovery",
        None,
        "OPTIONS",
        {"Tus-Resumable": None},
        b"",
        204,
        {"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0"},
        "200: both are allowed by the protocol",
    ),
    (
        "options_test.go TestOptions/InvalidVersion",
        None,
        "POST",
        {"Tus-Resumable": "foo"},
        b"",
        412,
        {"Tus-Version": "1.0.0"},
        "",
    ),
    (
        "post_test.go TestPost/Create",
        None,
        "POST",
        {"Upload-Length": "300", "Upload-Metadata": META["Upload-Metadata"] + ", foo aGVsbG8=, bar d29ybGQ=, empty"},
        b"",
        201,
        {"Upload-Offset": "0"},
        "",
    ),
    (
        "post_test.go TestPost/Create, a value that is no base64",
        None,
        "POST",
        {"Upload-Length": "300", "Upload-Metadata": META["Upload-Metadata"] + ", hah INVALID!"},
        b"",
        400,
        {},
        "ignores the pair; a name that cannot be read is told here",
    ),
    ("post_test.go TestPost/CreateEmptyUpload", None, "POST", {"Upload-Length": "0"}, b"", 201, {}, ""),
    (
        "post_test.go TestPost/CreateExceedingMaxSizeFail",
        None,
        "POST",
        {"Upload-Length": str(1 << 45)},
        b"",
        413,
        {},
        "",
    ),
    ("post_test.go TestPost/InvalidUploadLengthFail", None, "POST", {"Upload-Length": "-5"}, b"", 400, {}, ""),
    (
        "post_test.go TestPost/UploadLengthAndUploadDeferLengthFail",
        None,
        "POST",
        {"Upload-Length": "10", "Upload-Defer-Length": "1"},
        b"",
        400,
        {},
        "",
    ),
    ("post_test.go TestPost/NeitherUploadLengthNorUploadDeferLengthFail", None, "POST", {}, b"", 400, {}, ""),
    (
        "post_test.go TestPost/InvalidUploadDeferLengthFail",
        None,
        "POST",
        {"Upload-Defer-Length": "bad"},
        b"",
        400,
        {},
        "",
    ),
    (
        "post_test.go TestPost/WithUpload/Create",
        None,
        "POST",
        {"Upload-Length": "300", **OCTETS},
        b"hello",
        201,
        {"Upload-Offset": "5"},
        "",
    ),
    (
        "post_test.go TestPost/WithUpload/CreateExceedingUploadSize",
        None,
        "POST",
        {"Upload-Length": "300", **OCTETS},
        b"x" * 400,
        413,
        {},
        "",
    ),
    (
        "post_test.go TestPost/WithUpload/IncorrectContentType",
        None,
        "POST",
        {"Upload-Length": "300", "Content-Type": "application/false"},
        b"hello",
        415,
        {},
        "201 and the body is dropped; a mistaken client is told here",
    ),
    (
        "head_test.go TestHead/Status",
        (11, 44),
        "HEAD",
        {},
        b"",
        200,
        {"Upload-Offset": "11", "Upload-Length": "44", "Cache-Control": "no-store"},
        "",
    ),
    ("head_test.go TestHead/UploadNotFoundFail", "no", "HEAD", {}, b"", 404, {"Upload-Offset": None}, ""),
    ("head_test.go TestHead/NoDeferLengthHeader", (0, 10), "HEAD", {}, b"", 200, {"Upload-Defer-Length": None}, ""),
    (
        "patch_test.go TestPatch/UploadChunk",
        (5, 10),
        "PATCH",
        {"Upload-Offset": "5", **OCTETS},
        b"hello",
        204,
        {"Upload-Offset": "10"},
        "",
    ),
    (
        "patch_test.go TestPatch/MethodOverriding",
        (5, 10),
        "POST",
        {"Upload-Offset": "5", **OCTETS, "X-HTTP-Method-Override": "PATCH"},
        b"hello",
        204,
        {"Upload-Offset": "10"},
        "",
    ),
    (
        "patch_test.go TestPatch/UploadChunkToFinished",
        (20, 20),
        "PATCH",
        {"Upload-Offset": "20", **OCTETS},
        b"",
        204,
        {"Upload-Offset": "20"},
        "",
    ),
    ("patch_test.go TestPatch/UploadNotFoundFail", "no", "PATCH", {"Upload-Offset": "5", **OCTETS}, b"", 404, {}, ""),
    (
        "patch_test.go TestPatch/MissmatchingOffsetFail",
        (5, 10),
        "PATCH",
        {"Upload-Offset": "4", **OCTETS},
        b"",
        409,
        {},
        "",
    ),
    (
        "patch_test.go TestPatch/ExceedingMaxSizeFail",
        (5, 10),
        "PATCH",
        {"Upload-Offset": "5", **OCTETS},
        b"hellothisismorethan15bytes",
        413,
        {},
        "",
    ),
    (
        "patch_test.go TestPatch/InvalidContentTypeFail",
        (5, 10),
        "PATCH",
        {"Upload-Offset": "5", "Content-Type": "application/fail"},
        b"hello",
        415,
        {},
        "400; 415 is what the protocol's text names",
    ),
    (
        "patch_test.go TestPatch/InvalidOffsetFail",
        (5, 10),
        "PATCH",
        {"Upload-Offset": "-5", **OCTETS},
        b"hello",
        400,
        {},
        "",
    ),
    ("terminate_test.go TestTerminate/Termination", (0, 10), "DELETE", {}, b"", 204, {}, ""),
    ("terminate_test.go TestTerminate, of nothing", "no", "DELETE", {}, b"", 404, {}, ""),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0].replace(" ", "-") for case in CASES])
def test_it_answers_as_tusd_does(node, case):
    _name, state, method, changes, body, status, wanted, _differs = case
    with node.client() as client:
        url = "/api/v1/uploads/"
        if state == "no":
            url += "0" * 32 + "/"
        elif state is not None:
            offset, length = state
            url = begin(client, length)
            if offset:
                assert send(client, url, 0, b"x" * offset).status_code == 204
        headers = {"Tus-Resumable": "1.0.0", **(META if method == "POST" else {}), **changes}
        request = client.build_request(method, url, content=body)
        for name in headers:
            request.headers.pop(name, None)
        request.headers.update({name: value for name, value in headers.items() if value is not None})
        answer = client.send(request)
    assert answer.status_code == status, answer.text
    for name, value in wanted.items():
        assert answer.headers.get(name) == value


def test_the_offset_is_not_moved_by_what_was_refused(node):
    """patch_test.go: the mock store of MissmatchingOffsetFail and ExceedingMaxSizeFail expects no WriteChunk."""
    with node.client() as client:
        url = begin(client, 10)
        send(client, url, 0, b"hello")
        for offset, body in (("4", b"12345"), ("5", b"hellothisismorethan15bytes")):
            assert send(client, url, offset, body).status_code in (409, 413)
        assert client.head(url).headers["Upload-Offset"] == "5"

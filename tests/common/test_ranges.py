"""HTTP Range: the one part that a player asks for, the whole file for everything else."""

import pytest
from django.test import RequestFactory

from common.web.ranges import ranged_file

pytestmark = pytest.mark.django_db
DATA = bytes(range(256)) * 40


@pytest.fixture
def get(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(DATA)

    def at(**headers):
        request = RequestFactory().get("/", headers=headers)
        return ranged_file(request, path, content_type="audio/wav", etag="abc")

    return at


def body(response):
    data = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return data


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(DATA) - 1),
        ("bytes=-50", len(DATA) - 50, len(DATA) - 1),
        ("bytes=9000-99999999", 9000, len(DATA) - 1),
        ("bytes=-99999999", 0, len(DATA) - 1),
    ],
)
def test_one_range(get, asked, start, end):
    answer = get(Range=asked)
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {start}-{end}/{len(DATA)}"
    assert body(answer) == DATA[start : end + 1]
    assert answer["Content-Length"] == str(end + 1 - start)


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=20000-30000", "bytes=5-4", "bytes=-0"])
def test_a_range_outside_the_file(get, asked):
    answer = get(Range=asked)
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=0-" + "9" * 40])
def test_anything_else_is_the_whole_file(get, asked):
    answer = get(Range=asked)
    assert (answer.status_code, body(answer)) == (200, DATA)


def test_a_range_of_another_file_is_the_whole_of_this_one(get):
    assert body(get(**{"Range": "bytes=0-1", "If-Range": '"old"'})) == DATA
    assert body(get(**{"Range": "bytes=0-1", "If-Range": '"abc"'})) == DATA[:2]

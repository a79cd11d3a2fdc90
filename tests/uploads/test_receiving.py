"""Limits, disk full, expiry and the one handing over, inside the process."""

import contextlib
import os
import subprocess
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from tests.support.needs import missing
from uploads import handlers, receiving, store, tasks
from uploads.body import Body
from uploads.errors import NoDiskRoomError, UploadGoneError
from uploads.models import Upload
from uploads.receiving import Owner
from wire.errors import PpeError
from wire.messages import Both

pytestmark = pytest.mark.django_db(transaction=True)

OWNER = Owner("urn:ppe:hq:78:0001:node", "hq", "78", "0001")


class BusyHandlerError(PpeError):
    code = "busy"
    permanent = False


@pytest.fixture
def taken(data_dir):
    """The uploads that the handler of purpose ``probe`` was given."""
    seen = []
    handlers.register("probe", lambda upload: {"n": seen.append(upload.uid) or len(seen)})
    yield seen
    handlers.unregister("probe")


def begin(length=10, owner=OWNER):
    return receiving.create(owner=owner, length=length, metadata={"purpose": "probe"})


def send(upload, data, offset=0):
    left = [data]

    def read(size):
        block, left[0] = left[0][:size], left[0][size:]
        return block

    body = Body(read, len(data), idle=5, wanted=lambda: False)
    try:
        return receiving.append(upload=upload, offset=offset, body=body)
    finally:
        body.close(lambda: None)


def test_quotas_of_station_and_point(taken, settings):
    settings.PPE_UPLOAD_STATION_QUOTA = 100
    settings.PPE_UPLOAD_POINT_QUOTA = 150
    begin(90)
    with pytest.raises(NoDiskRoomError):
        begin(20)
    other = Owner("urn:ppe:print:78:0001:0001", "print", "78", "0001")
    begin(60, other)
    with pytest.raises(NoDiskRoomError):
        begin(1, Owner("urn:ppe:print:78:0001:0002", "print", "78", "0001"))
    begin(100, Owner("urn:ppe:hq:78:0002:node", "hq", "78", "0002"))


def test_space_is_refused_at_the_beginning_not_in_the_middle(taken, settings):
    settings.PPE_UPLOAD_DISK_RESERVE = 1 << 60
    with pytest.raises(NoDiskRoomError) as refused:
        begin()
    assert (refused.value.http_status, refused.value.permanent) == (507, False)
    assert not Upload.objects.exists()


def test_space_is_taken_without_changing_the_size(taken):
    upload = begin(4 << 20)
    found = store.incoming(upload.uid).stat()
    assert found.st_size == 0
    assert found.st_blocks * 512 >= 4 << 20


def test_a_full_disk_keeps_what_was_written_and_goes_on_later(taken, tmp_path, settings):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", small], capture_output=True).returncode:
        missing("a small file system cannot be mounted")
    try:
        settings.PPE_DATA_DIR = small
        settings.PPE_UPLOAD_DISK_RESERVE = 0
        data = os.urandom(1 << 20)
        upload = begin(len(data))
        blocker = small / "blocker"
        # The reserved space is given away, as on a file system that cannot reserve.
        os.truncate(store.incoming(upload.uid), 0)
        with contextlib.suppress(OSError), blocker.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        os.truncate(blocker, blocker.stat().st_size - (300 << 10))
        with pytest.raises(NoDiskRoomError):
            send(upload, data)
        upload.refresh_from_db()
        assert 0 < upload.offset <= 300 << 10
        blocker.unlink()
        send(upload, data[upload.offset :], upload.offset)
        upload.refresh_from_db()
        assert upload.state == "complete"
        assert upload.path.read_bytes() == data
    finally:
        subprocess.run(["umount", "-l", small], check=False)


def test_only_uploads_without_progress_are_forgotten(taken):
    old, young, whole = begin(), begin(), begin(3)
    send(whole, b"abc")
    Upload.objects.exclude(pk=young.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    tasks.expire_old()
    states = {row.pk: row.state for row in Upload.objects.all()}
    assert (states[old.pk], states[young.pk], states[whole.pk]) == ("expired", "receiving", "complete")
    assert not store.incoming(old.uid).exists()
    with pytest.raises(UploadGoneError):
        receiving.find(owner=OWNER, uid=old.uid)
    assert Event.objects.filter(kind="uploads.expired", actor=SYSTEM.name).count() == 1


def test_a_handler_that_cannot_now_is_asked_again_and_its_work_is_not_kept(data_dir):
    calls = []

    def handler(upload):
        calls.append(upload.uid)
        Upload.objects.filter(pk=upload.pk).update(purpose="touched")
        if len(calls) < 3:
            raise BusyHandlerError(Both("Занят.", "Busy."))
        return {"calls": len(calls)}

    handlers.register("probe", handler)
    try:
        upload = begin(3)
        send(upload, b"abc")
        for _ in range(2):
            tasks.hand_over(upload.pk)
            row = Upload.objects.get(pk=upload.pk)
            assert (row.state, row.purpose) == ("complete", "probe")
            Upload.objects.update(next_try_at=timezone.now(), lease_until=None)
        tasks.hand_over(upload.pk)
        tasks.hand_over(upload.pk)
    finally:
        handlers.unregister("probe")
    row = Upload.objects.get(pk=upload.pk)
    assert (row.state, row.result, len(calls)) == ("handled", {"calls": 3}, 3)


def test_a_file_that_its_handler_linked_keeps_one_name(data_dir):
    kept = data_dir / "kept"

    def handler(upload):
        os.link(upload.path, kept)
        return {}

    handlers.register("probe", handler)
    try:
        upload = begin(3)
        send(upload, b"abc")
        tasks.hand_over(upload.pk)
    finally:
        handlers.unregister("probe")
    assert kept.read_bytes() == b"abc"
    assert not Upload.objects.get().path.exists()

"""The disk reserve: files stop before the disk is full, decisions go on down to a floor."""

import pytest

from common import space
from wire.durable import DiskFullError

MB = 1 << 20


@pytest.fixture
def disk(settings, monkeypatch):
    """Set how many bytes are free; the reserve is 256 MB."""
    settings.PPE_DISK_RESERVE = 256 * MB

    def left(size):
        monkeypatch.setattr(space, "free", lambda: size)

    return left


@pytest.mark.parametrize(
    ("free", "level"), [(255 * MB, "closed"), (256 * MB, "little"), (8 * 256 * MB - 1, "little"), (8 * 256 * MB, "")]
)
def test_the_level_follows_the_reserve(disk, free, level):
    disk(free)
    assert space.level() == level


def test_work_that_would_eat_into_the_reserve_is_refused_for_now(disk):
    disk(300 * MB)
    space.require(44 * MB)
    space.require(200 * MB, keep=100 * MB)
    with pytest.raises(DiskFullError) as refused:
        space.require(44 * MB + 1)
    assert not refused.value.permanent
    assert refused.value.retry_after == space.RETRY_SECONDS


def test_a_form_without_files_goes_on_below_the_reserve_down_to_the_floor(disk):
    disk(17 * MB)
    space.require_for_form(MB)
    disk(17 * MB - 1)
    with pytest.raises(space.NoRoomForFormError):
        space.require_for_form(MB)
    disk(0)
    space.require_for_form(0)


def test_a_form_with_files_stops_at_the_reserve(disk):
    disk(258 * MB)
    space.require_for_form(2 * MB)
    with pytest.raises(DiskFullError) as refused:
        space.require_for_form(2 * MB + 1)
    assert not isinstance(refused.value, space.NoRoomForFormError)


@pytest.mark.parametrize(("node", "wipes"), [("hq", True), ("rcoi", False)])
def test_only_a_point_is_sent_to_wipe_its_originals(disk, settings, node, wipes):
    settings.PPE_NODE = node
    disk(0)
    space.require_for_files(0)
    with pytest.raises(DiskFullError) as refused:
        space.require_for_files(1)
    assert ("Wipe the originals" in refused.value.remedy_text("en")) == wipes

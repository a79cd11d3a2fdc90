"""The expected set and acts instead of journals."""

from dataclasses import replace

import pytest

from audit.models import Event
from common import flash
from journals import acts, intake
from journals import flash as journals_flash
from journals.errors import ActRefusedError
from journals.expected import expected_set, matrix, scan_expected
from journals.models import Act
from keys.trust import trust_store
from tests.support import factories
from tests.support.journals import print_station
from tests.support.keys import OPERATOR
from wire.documents import act as wire_act
from wire.pki import CertificateRole, Identity

pytestmark = pytest.mark.django_db


def make(keys, **more):
    values = {
        "sitting": keys.day.sitting,
        "kind": "journal_missing",
        "post": keys.day.posts["print-0006"],
        "reason": "станция не включалась",
        "text": "Резервная станция опечатана.",
        "token": keys.open_token(),
        "actor": OPERATOR,
    }
    return acts.make(**{**values, **more})


def test_the_expected_set_names_every_station(keys):
    rows = expected_set(keys.day.sitting)
    assert {row.post.station.number for row in rows} == {"0001", "0002", "0003", "0004", "0005", "0006"}
    assert {row.state for row in rows} == {"missing"}
    assert {row.post.station.number for row in scan_expected(keys.day.sitting)} == {"01", "02"}
    assert [(row.title, len(row.cells)) for row in matrix(keys.day.sitting)] == [
        ("ауд. 0101", 1),
        ("ауд. 0102", 1),
        ("ауд. 0103", 1),
        ("ауд. 0104", 1),
        ("без аудитории", 2),
    ]


def test_an_act_stands_for_a_journal_until_it_comes(keys):
    act = make(keys)
    row = next(row for row in expected_set(keys.day.sitting) if row.post.station.number == "0006")
    assert (row.state, row.act, row.served) == ("act", act, True)
    document, signed_by = wire_act.read(acts.file_bytes(act), trust_store())
    assert (document.station, document.reason, signed_by.identity.role.value) == (
        "0006",
        "станция не включалась",
        "gek",
    )
    assert Event.objects.get(kind="journals.act_made").means == "token"
    station = print_station(keys, "0006", room=None)
    intake.ingest(data=station.close(), name=station.name, door="flash", actor=OPERATOR)
    row = next(row for row in expected_set(keys.day.sitting) if row.post.station.number == "0006")
    assert (row.state, row.act) == ("accepted", None)


@pytest.mark.parametrize("about", ["station of another exam", "token of another point"])
def test_an_act_of_another_exam_or_point_is_refused_and_leaves_nothing(keys, about):
    other = factories.make_day(point="0099")
    stranger = replace(keys.open_token(), identity=Identity(CertificateRole.GEK, "78", "0099", "1"))
    wrong = {
        "station of another exam": {"post": other.posts["print-0006"]},
        "token of another point": {"token": stranger},
    }
    with pytest.raises(ActRefusedError):
        make(keys, **wrong[about])
    assert not Act.objects.exists()


def test_an_act_without_a_ground_is_refused(keys):
    for reason in (" ", "7", "—", "да"):
        with pytest.raises(ActRefusedError, match="словами"):
            make(keys, reason=reason)
    with pytest.raises(ActRefusedError):
        make(keys, post=None)
    with pytest.raises(ActRefusedError):
        make(keys, photo=b"MZ not a photo")
    make(keys)
    with pytest.raises(ActRefusedError):
        make(keys)
    station = print_station(keys)
    intake.ingest(data=station.close(), name=station.name, door="flash", actor=OPERATOR)
    with pytest.raises(ActRefusedError):
        make(keys, post=keys.day.posts["print-0001"])
    assert Act.objects.count() == 1


def test_an_act_keeps_its_photo_and_the_difference(keys):
    photo = b"\xff\xd8\xff\xe0 photo of the paper"
    act = make(keys, photo=photo)
    assert acts.files.inside(act.photo).read_bytes() == photo
    room = make(
        keys,
        kind="room_difference",
        post=None,
        room=keys.day.rooms["0103"],
        reason="лист потерян",
        numbers=["0100000000013"],
        difference={"missing": 1},
    )
    document, _signer = wire_act.read(acts.file_bytes(room), trust_store())
    assert (document.room, document.numbers, document.difference) == ("0103", ("0100000000013",), {"missing": 1})


def test_a_folder_of_a_drive_is_taken_whole(keys, flash_dir):
    folder = flash_dir / "ППЭ 0001"
    folder.mkdir()
    for number, room in (("0001", "0101"), ("0002", "0102")):
        station = print_station(keys, number, room=room)
        (folder / station.name).write_bytes(station.close())
    (folder / "END_PRINT_empty.dat").write_bytes(b"")
    (folder / "photo.dat").write_bytes(b"\xff\xd8\xff photo")
    (folder / "readme.txt").write_bytes(b"text")
    (folder / "link.dat").symlink_to("/etc/passwd")
    assert [(f.label, f.files) for f in journals_flash.folders()] == [("flash/ППЭ 0001", 4)]
    verdicts = journals_flash.take_folder(folder=str(folder), actor=OPERATOR)
    assert sorted(v.state for v in verdicts) == ["accepted", "accepted", "refused", "refused"]


@pytest.mark.parametrize("value", ["/etc", "", "flash/../../etc", "\x00", "/nowhere"])
def test_a_folder_outside_the_drives_is_refused(flash_dir, value):
    with pytest.raises(flash.NoSuchFolderError):
        flash.folder_of(value)

"""The resumable door takes sheets for the station's own point only."""

import pytest

from scanning.errors import DecisionRefusedError
from scanning.models import Source
from scanning.recognition import decode
from scanning.uploads import take_sheets
from uploads import handlers
from uploads.models import Upload
from wire.forms import make_number


def upload(desk, *, point="0001", room="0101", sitting=None):
    from common import files

    path = files.folder("uploads") / "sheets"
    path.write_bytes(decode.encode_g4(desk.page(make_number("R", 3)), 300))
    return Upload(
        purpose="sheets",
        owner_urn=f"urn:ppe:scan:78:{point}:02",
        region="78",
        point=point,
        length=1,
        relative_path=files.relative(path),
        metadata={"sitting": sitting or desk.sitting.key, "room": room, "filename": "стопка.tif"},
    )


def test_it_takes_sheets_of_the_own_point(desk):
    assert handlers.purpose_of("sheets").roles == {"scan", "hq", "person"}
    told = take_sheets(upload(desk))
    assert told["pages"] == 1
    source = Source.objects.get()
    assert (source.name, source.batch.door) == ("стопка.tif", "api")


def test_it_refuses_another_point_and_an_unknown_room(desk):
    with pytest.raises(DecisionRefusedError):
        take_sheets(upload(desk, point="0002"))
    with pytest.raises(DecisionRefusedError):
        take_sheets(upload(desk, room="0999", sitting="78-0001-010126-01"))
    assert not Source.objects.exists()

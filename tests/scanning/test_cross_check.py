"""What the HQ's forms say stands beside a room's card, and contradicts it only where it was read with certainty."""

from drawing.draw import SheetSpec, draw_sheet
from scanning import cards, cross_check
from scanning.models import Sheet
from wire.forms import make_number


def form(desk, kind, values, room=None, serial=901):
    return draw_sheet(
        SheetSpec(
            kind,
            make_number(kind, serial),
            "78",
            desk.day.point.code,
            desk.sitting.date,
            desk.sitting.subject.code,
            "Русский язык",
            room,
            3,
            values=values,
        )
    )


def test_the_protocol_and_the_summary_are_held_against_the_card(desk, technician):
    desk.journal()
    desk.fill(registration_count=2, absent_count=0)
    hq = next(card.room.number for card in cards.ensure_cards(desk.sitting) if card.is_hq)
    desk.scan(
        form(desk, "05-02", {"absent/1": "0", "registration/1": "2"}, room="0101"),
        form(desk, "13-02-МАШ", {"room/1": "0102", "absent/1": "9", "room/2": "0101", "absent/2": "1"}),
        room=hq,
    )
    # The digits are our own strokes; what the model makes of them is set here, the way it takes is not.
    for sheet in Sheet.objects.filter(kind__in=("05-02", "13-02-МАШ")):
        drawn = {"0101": "0101", "0102": "0102"}
        assert {each["name"] for each in sheet.reading["fields"]} <= {"absent", "registration", "room"}
        for each in sheet.reading["fields"]:
            truth = {("room", 1): "0102", ("room", 2): "0101", ("absent", 1): "9", ("absent", 2): "1"}
            if sheet.kind == "05-02":
                truth = {("absent", 1): "0", ("registration", 1): "2"}
            each |= {"value": drawn.get(each["value"], truth[each["name"], each["row"]]), "sure": True}
        sheet.save()
    found = {(each.sheet.kind, each.value, each.differs) for each in cross_check.cross_checks(desk.card())}
    assert found == {("05-02", "0", False), ("05-02", "2", False), ("13-02-МАШ", "1", True)}
    assert cross_check.cross_checks(desk.card(hq)) == []
    page = technician.client.get(f"/scanning/{desk.sitting.key}/0101/").content.decode()
    assert 'id="opinions"' in page
    assert page.count("в карточке 0") == 1
    # A doubtful reading is no opinion.
    for sheet in Sheet.objects.filter(kind="05-02"):
        sheet.reading["fields"][0]["sure"] = False
        sheet.save()
    assert len(cross_check.cross_checks(desk.card())) == len(found) - 1
    Sheet.objects.filter(kind="13-02-МАШ").update(reading={"fields": []})
    assert not any(each.differs for each in cross_check.cross_checks(desk.card()))

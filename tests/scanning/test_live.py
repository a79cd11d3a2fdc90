"""What the desk's pages cost: as many queries for a thousand sheets as for ten; the pulse tells every change."""

import pytest
from django.urls import reverse
from django.utils import timezone

from scanning import batches, cards, live, sources
from scanning.models import Batch, Finding, RoomCard, Sheet, Source
from scanning.states import SheetState
from tests.scanning.conftest import ACTOR
from wire.forms import make_number


def fill(desk, count, room="0101", state=SheetState.RECOGNISED, start=0):
    card = desk.card(room)
    batch = sources.new_batch(card=card, door="browser", actor=ACTOR)
    source = Source.objects.create(
        batch=batch,
        card=card,
        name=f"{start}.tif",
        path="x",
        sha256=f"{start:064d}",
        size=1,
        format="tiff",
        pages=count,
    )
    read_at = None if state == SheetState.RECEIVED else timezone.now()
    reading = {"width": 2480, "height": 3508}
    rows = Sheet.objects.bulk_create(
        [
            Sheet(
                card=card,
                source=source,
                page=page,
                state=state,
                number=make_number("C1", start + page),
                kind="C1",
                path="x",
                sha256="0" * 64,
                reading=reading,
                read_at=read_at,
            )
            for page in range(count)
        ]
    )
    Finding.objects.bulk_create([Finding(sheet=row, kind="skewed", severity="warning") for row in rows[::3]])
    return source


def queries(client, address, django_assert_max_num_queries):
    with django_assert_max_num_queries(200) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    ("name", "room"),
    [("scanning-room", True), ("scanning-room-pulse", True), ("scanning", False), ("scanning-pulse", False)],
)
def test_queries_do_not_grow_with_sheets(desk, technician, django_assert_max_num_queries, name, room):
    address = reverse(name, kwargs={"key": desk.sitting.key, **({"room": "0101"} if room else {})})
    fill(desk, 10)
    technician.client.get(address)
    few = queries(technician.client, address, django_assert_max_num_queries)
    for place in range(1, 5):
        fill(desk, 250, start=1000 * place)
    many = queries(technician.client, address, django_assert_max_num_queries)
    assert many == few
    assert "pulse" not in name or many <= 14


def test_a_room_of_a_thousand_sheets_draws_only_the_first_pictures(desk, technician):
    fill(desk, 1000)
    address = reverse("scanning-room", kwargs={"key": desk.sitting.key, "room": "0101"})
    page = technician.client.get(address).content.decode()
    assert page.count('class="scan-thumb ') == 72
    assert "Показать ещё 928" in page
    assert technician.client.get(address, {"all": "1"}).content.decode().count('class="scan-thumb ') == 1000


def test_progress_tells_the_pace_and_the_time_left(desk):
    fill(desk, 30)
    fill(desk, 60, state=SheetState.RECEIVED, start=500)
    now_is = live.progress(card=desk.card())
    assert (now_is.received, now_is.unread, now_is.read, now_is.share) == (90, 60, 30, 33)
    assert now_is.seconds_left == 30
    assert now_is.words == "Прочитано 30 из 90 · осталось около 30 с"
    assert live.progress(sitting=desk.sitting).unread == 60


def test_the_mark_changes_with_whatever_the_lists_show(desk, technician):
    sets = desk.journal()
    seen = []

    def mark():
        seen.append(live.poll(desk.card())["mark"])
        return len(set(seen)) == len(seen)

    assert mark()
    desk.scan(*[desk.page(each["R"]) for each in sets])
    assert mark()
    desk.fill(registration_count=2)
    assert mark()
    batch = Batch.objects.get()
    batches.delete(batch=batch, actor=ACTOR)
    assert mark()
    cards.reopen(card=desk.card(), numbers=[sets[0]["R"]], reason="x", actor=ACTOR)
    assert mark()
    assert live.poll(RoomCard.objects.get(pk=batch.card_id))["mark"] == seen[-1]


def test_strangers_get_no_pulse(desk, outsider, technician):
    desk.card()
    for name, more in (("scanning-room-pulse", {"room": "0101"}), ("scanning-pulse", {})):
        address = reverse(name, kwargs={"key": desk.sitting.key, **more})
        assert outsider.client.get(address).status_code == 404
        assert technician.client.get(address).status_code == 200

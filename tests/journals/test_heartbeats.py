"""A station over the network: its day, its signs of life, and requests that are repeated."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from journals.models import Journal
from keys import idempotency, trust
from keys.models import KeptAnswer
from stations import heartbeats
from stations.models import Heartbeat
from tests.journals.test_api import client_of
from tests.support.journals import print_station
from wire import canonical

pytestmark = pytest.mark.django_db
HEART, CONFIGURATION, JOURNALS = "/api/v1/station/heartbeat/", "/api/v1/station/configuration/", "/api/v1/journals/"


def later(delta):
    """A second after so much time."""
    return time_machine.travel(timezone.now() + delta + timedelta(seconds=1))


def beat(client, *, key="", **said):
    body = {"state": "working", "at": canonical.stamp(timezone.now()), **said}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(HEART, body, content_type="application/json", headers=headers)


def send(client, station, *, key, data=None):
    return client.post(
        JOURNALS,
        data or station.close(),
        content_type="application/octet-stream",
        headers={"Idempotency-Key": key, "Content-Disposition": f'attachment; filename="{station.number}.dat"'},
    )


class TestConfiguration:
    def test_a_station_hears_its_rooms_and_the_names_of_its_journals(self, keys):
        said = client_of(keys).get(CONFIGURATION).json()
        assert said["station"]["number"] == "0001"
        (sitting,) = said["sittings"]
        (post,) = sitting["posts"]
        assert (post["room"], post["duty"], post["replaced"]) == ("0101", "main", False)
        assert post["journal"] == print_station(keys).name
        assert abs(canonical.parse_stamp(said["server_time"]) - timezone.now()) < timedelta(seconds=5)

    def test_a_reserve_station_without_a_room_hears_0000(self, keys):
        said = client_of(keys, "print-0006").get(CONFIGURATION).json()
        assert said["sittings"][0]["posts"][0]["journal"] == print_station(keys, "0006", room=None).name

    def test_a_station_that_the_registry_does_not_know_is_refused_in_words(self, keys):
        answer = client_of(keys, "print-0099").get(CONFIGURATION)
        assert (answer.status_code, answer.json()["code"]) == (422, "station_unknown")

    @pytest.mark.parametrize("handle", ["rcoi-01", "hq-other"])
    def test_only_stations_ask(self, keys, handle):
        assert client_of(keys, handle).get(CONFIGURATION).status_code == 403


class TestHeartbeat:
    def test_the_last_word_is_kept_with_the_clock_measured(self, keys):
        client = client_of(keys)
        assert beat(client, paper=60).json()["troubles"] == []
        late = canonical.stamp(timezone.now() + timedelta(minutes=7))
        said = beat(client, at=late, paper=5, note="осталась одна пачка").json()
        assert 415 < said["skew_seconds"] < 425
        assert said["troubles"] == ["clock", "paper"]
        row = Heartbeat.objects.get()
        assert (row.state, row.paper, row.note) == ("working", 5, "осталась одна пачка")

    def test_only_changes_of_state_go_into_the_log(self, keys):
        client = client_of(keys)
        for state in ("ready", "ready", "working", "fault"):
            beat(client, state=state)
        events = Event.objects.filter(kind="journals.station_state").order_by("number")
        assert [event.data["state"] for event in events] == ["ready", "working", "fault"]

    def test_silence_is_a_trouble_until_the_station_has_finished(self, keys):
        beat(client_of(keys))
        row = Heartbeat.objects.get()
        with later(heartbeats.SILENCE):
            assert heartbeats.troubles(row) == ["silent"]
            row.state = "finished"
            assert heartbeats.troubles(row) == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"state": "dancing"},
            {"at": "yesterday"},
            {"at": "2026-13-41T00:00:00.000000Z"},
            {"paper": 101},
            {"disk_free": -1},
            {"note": "х" * 201},
            {"battery": "много"},
        ],
    )
    def test_what_makes_no_sense_is_refused_and_changes_nothing(self, keys, wrong):
        answer = beat(client_of(keys), **wrong)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"
        assert not Heartbeat.objects.exists()

    def test_a_revoked_station_is_not_heard(self, keys):
        client = client_of(keys)
        assert beat(client).status_code == 200
        trust.import_crl(der=keys.revoke("print-0001"), actor=SYSTEM)
        assert beat(client, state="fault").status_code == 401
        assert Heartbeat.objects.get().state == "working"


class TestRepeatedRequests:
    def test_the_same_key_and_request_get_the_first_answer(self, keys):
        client, station = client_of(keys), print_station(keys)
        data = station.close()
        first = send(client, station, key="k-1", data=data)
        again = send(client, station, key="k-1", data=data)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert Journal.objects.count() == 1
        assert send(client, station, key="k-2", data=data).status_code == 200  # a new request: "already here"

    def test_a_refusal_is_the_same_refusal_again(self, keys):
        client, station = client_of(keys), print_station(keys)
        answers = [send(client, station, key="k-3", data=b"no journal") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [422, 422]
        assert answers[0].json() == answers[1].json()
        assert {answer["Content-Type"] for answer in answers} == {"application/problem+json"}

    def test_the_key_of_another_request_is_refused(self, keys):
        client = client_of(keys)
        assert beat(client, key="k-4", state="ready").status_code == 200
        answer = beat(client, key="k-4", state="fault")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert Heartbeat.objects.get().state == "ready"

    def test_keys_of_two_stations_do_not_meet(self, keys):
        for handle in ("print-0001", "print-0002"):
            assert "Idempotency-Replayed" not in beat(client_of(keys, handle), key="same").headers
        assert Heartbeat.objects.count() == 2

    @pytest.mark.parametrize("key", ["ключ", "a b", "x" * 101])
    def test_what_is_no_key_is_refused(self, keys, key):
        answer = beat(client_of(keys), key=key.encode().decode("latin-1"))
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")

    def test_an_unanswered_request_is_waited_for_and_then_done_again(self, keys):
        client, at = client_of(keys), canonical.stamp(timezone.now())
        assert beat(client, key="k-5", at=at).status_code == 200
        KeptAnswer.objects.update(status=None, body=None)  # as a node leaves it that was killed before it answered
        answer = beat(client, key="k-5", at=at)
        assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
        with later(idempotency.PATIENCE):
            assert beat(client, key="k-5", at=at).status_code == 200

    def test_old_answers_are_forgotten(self, keys):
        beat(client_of(keys), key="k-6")
        idempotency.forget()
        assert KeptAnswer.objects.count() == 1
        with later(idempotency.KEPT):
            idempotency.forget()
        assert KeptAnswer.objects.count() == 0

    @pytest.mark.django_db(transaction=True)
    def test_many_at_once_have_one_effect(self, keys):
        station = print_station(keys)
        data, statuses = station.close(), []
        clients = [client_of(keys) for _ in range(6)]

        def one(client):
            try:
                statuses.append(send(client, station, key="k-7", data=data).status_code)
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {201, 409}
        assert 201 in statuses
        assert Journal.objects.count() == 1
        assert Event.objects.filter(kind="journals.taken_in").count() == 1


def test_below_the_disk_reserve_a_station_logs_in_and_speaks(keys, settings):
    settings.PPE_DISK_RESERVE = 1 << 62
    client = client_of(keys)
    assert client.get(CONFIGURATION).status_code == 200
    assert beat(client).status_code == 200
    assert Heartbeat.objects.count() == 1

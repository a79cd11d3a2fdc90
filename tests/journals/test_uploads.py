"""Big journals come as resumable uploads."""

import base64

import pytest

from journals.models import Journal
from tests.journals.test_api import client_of
from tests.support.journals import print_station

pytestmark = pytest.mark.django_db(transaction=True)


def upload(client, data, name):
    pairs = {"purpose": "journal", "filename": name}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return client.post(
        "/api/v1/uploads/",
        data,
        content_type="application/offset+octet-stream",
        headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": metadata},
    )


def test_a_journal_comes_as_an_upload(keys):
    client, station = client_of(keys), print_station(keys)
    answer = upload(client, station.close(), station.name)
    assert answer.status_code == 201, answer.content
    said = client.get(answer.headers["Location"]).json()
    assert (said["state"], said["result"]["state"]) == ("handled", "accepted")
    assert Journal.objects.get().original_name == station.name


def test_what_is_no_journal_is_refused_for_good(keys):
    client = client_of(keys)
    answer = upload(client, b"\xff\xd8\xff photo of a journal", "END_PRINT.dat")
    said = client.get(answer.headers["Location"]).json()
    assert (said["state"], said["problem"]["code"]) == ("refused", "not_a_journal")
    assert not Journal.objects.exists()

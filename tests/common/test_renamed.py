"""Old addresses of lists in the admin lead to the new ones; the tables keep their names."""

import pytest
from django.apps import apps
from django.urls import resolve

from common import renamed

TABLES = {
    "rcoi.PhoneReport": "rcoi_phoneword",
    "rcoi.NumberSequence": "rcoi_series",
    "scanning.Decision": "scanning_step",
    "stations.StationAssignment": "stations_stationpost",
    "transfers.ConnectivityCheck": "transfers_linecheck",
    "transfers.HistoryEntry": "transfers_packetstep",
}


@pytest.mark.parametrize("rest", ["", "7/change/"])
@pytest.mark.parametrize(("old", "new"), renamed.ADDRESSES.items())
def test_an_old_address_leads_to_the_new_one(rf, old, new, rest):
    found = resolve(f"/{old}/{rest}")
    answer = found.func(rf.get(f"/{old}/{rest}?q=1"), **found.kwargs)
    assert (answer.status_code, answer["Location"]) == (302, f"/{new}/{rest}?q=1")
    assert resolve(f"/{new}/{rest}").app_name == "admin"


@pytest.mark.parametrize(("model", "table"), TABLES.items())
def test_a_renamed_model_keeps_its_table(model, table):
    assert apps.get_model(model)._meta.db_table == table

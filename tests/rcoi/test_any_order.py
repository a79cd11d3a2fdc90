"""Packets of one node in any order, each any number of times; and packets brought to where they do not belong."""

import random
import shutil
from datetime import timedelta

import pytest

from common import files
from keys import authority, node
from keys.models import Certificate, RevocationList, SigningRequest
from rcoi.models import InboxFinding, InboxPacket, IssuedReceipt
from rcoi.states import InboxState
from stations.models import Node, Region
from tests.rcoi.conftest import arrive, receive, sha256
from tests.support import factories
from tests.support.proving import SEED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("turn", range(4))
def test_any_order_and_any_repetition_come_to_the_same_end(point, turn):
    rng = random.Random(f"order {SEED} {turn}")
    paths = [point.blanks(room) for room in ("0101", "0102", "0103", "0104")] + [point.forms()]
    arrivals = [path for path in paths for _ in range(rng.randint(1, 3))]
    rng.shuffle(arrivals)
    seen: set[int] = set()
    for path in arrivals:
        seen.add(arrive(path).sequence)
        # A gap is shown as long as something is missing before what came, and no longer.
        gaps = InboxFinding.objects.filter(code="sequence_gap").values_list("packet__sequence", flat=True)
        assert set(gaps) == {each for each in seen if each > 1 and each - 1 not in seen}, f"seed {SEED}"
    rows = InboxPacket.objects.order_by("sequence")
    assert [(row.sequence, row.sha256, row.state) for row in rows] == [
        (number, sha256(path), InboxState.ACKNOWLEDGED) for number, path in enumerate(paths, 1)
    ]
    assert IssuedReceipt.objects.count() == 2 * len(paths)
    assert not InboxFinding.objects.filter(code__in=("sequence_gap", "chain_broken")).exists()


def test_a_packet_means_nothing_to_another_centre(point, data_dir):
    path = point.blanks()
    shutil.rmtree(data_dir / "keys")
    SigningRequest.objects.all().delete()
    Certificate.objects.all().delete()
    RevocationList.objects.all().delete()
    Region.objects.update_or_create(code="77", defaults={"name": "Москва"})
    Node.objects.update(region="77")
    node.ensure_keys()
    authority.found(region="77", name="РЦОИ Москвы")
    row = receive(path)
    assert (row.state, row.uid) == (InboxState.REJECTED, None)
    assert row.reasons[0]["code"] == "certificate_foreign"
    assert not list(files.folder("opened").rglob("*.tif"))


def test_a_packet_counts_for_the_day_that_was_signed_and_for_no_other(point):
    day = point.day.sitting
    factories.SittingFactory(point=day.point, subject=day.subject, date=day.date + timedelta(days=1))
    path = point.blanks()
    row = receive(path)
    assert row.sitting == day
    again = path.with_name(path.name.replace(".ppe", "-2.ppe"))
    data = path.read_bytes()
    other = data.replace(day.date.isoformat().encode(), (day.date + timedelta(days=1)).isoformat().encode())
    assert other != data, "the date stands in the open header"
    again.write_bytes(other)
    forged = receive(again)
    assert forged.state == InboxState.REJECTED
    assert forged.uid is None
    assert InboxPacket.objects.exclude(pk=forged.pk).get() == row

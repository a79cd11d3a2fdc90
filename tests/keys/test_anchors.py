"""Anchors: signed every hour, one following the other, and a log that was written anew no longer agrees with them."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from audit.log import SYSTEM, digest, record
from audit.models import Anchor, ChainHead, Event
from audit.subjects import AuditSubject
from keys import anchors
from stations.models import Node
from wire.documents import anchor as wire_anchor

pytestmark = pytest.mark.django_db


@pytest.fixture
def node(keys):
    """An HQ node with its certificate and three events in two chains."""
    record("node.started", actor=SYSTEM)
    for number in range(3):
        record("station.replaced", about=AuditSubject("78", "0001", f"{number}"), actor=SYSTEM)
    return Node.objects.get()


def verify() -> str:
    """Return what the command complains of."""
    err = io.StringIO()
    try:
        call_command("audit_verify", stdout=io.StringIO(), stderr=err)
    except CommandError as error:
        return err.getvalue() + str(error)
    return ""


def write_anew(chain: str) -> None:
    """Change an event and everything after it, as somebody with the database in his hands does: the chain is whole."""
    prev = ""
    rows = list(Event.objects.filter(chain=chain).order_by("number"))
    for row in rows:
        row.prev, row.subject = prev, f"{row.subject}, подправлено"
        row.hash = prev = digest(row)
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(
                "UPDATE audit_event SET prev=%s, subject=%s, hash=%s WHERE id=%s",
                [row.prev, row.subject, row.hash, row.pk],
            )
    ChainHead.objects.filter(chain=chain).update(hash=prev)


def test_it_signs_the_head_of_every_chain(node, keys):
    said = anchors.read(anchors.make())
    assert (said.number, said.prev, said.node, said.mode) == (1, "", node.uid, "live")
    assert [(head.chain, head.number) for head in said.heads] == [
        (head.chain, head.number) for head in ChainHead.objects.order_by("chain")
    ]
    assert {"node", "78-0001"} <= {head.chain for head in said.heads}


def test_each_follows_the_one_before(node):
    first = anchors.make()
    record("node.started", actor=SYSTEM)
    second = anchors.make()
    assert anchors.read(second).prev == first.sha256 == wire_anchor.anchor_hash(bytes(first.document))
    assert verify() == ""


def test_one_an_hour(node, monkeypatch):
    assert anchors.make_due()
    assert anchors.make_due() is None
    later = timezone.now() + timedelta(minutes=61)
    monkeypatch.setattr(anchors, "now", lambda: later)
    assert anchors.make_due().number == 2


def test_a_log_that_was_written_anew_is_found_out(node):
    record("node.started", actor=SYSTEM)
    write_anew("78-0001")
    assert verify() == ""  # the chain alone does not know
    anchors.make()
    write_anew("78-0001")
    said = verify()
    assert "Якорь № 1 подписан над событием № 3 цепочки 78-0001" in said
    assert "нарушенных якорей — 1" in said


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM audit_anchor WHERE number=1",
        "UPDATE audit_anchor SET number=5 WHERE number=2",
        "UPDATE audit_anchor SET document=(SELECT document FROM audit_anchor WHERE number=1) WHERE number=2",
    ],
)
def test_a_touched_anchor_is_found_out(node, sql):
    anchors.make()
    anchors.make()
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert "Якорь №" in verify()


def test_an_anchor_of_a_foreign_hand_is_found_out(node, keys):
    made = anchors.make()
    said = anchors.read(made)
    forged = wire_anchor.write(said, [keys.signer("print-0001")])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_anchor SET document=%s", [forged])
    assert "Якорь № 1" in verify()


def test_a_node_without_a_certificate_waits(day, data_dir, token_dir):
    record("node.started", actor=SYSTEM)
    assert anchors.make_due() is None
    assert not Anchor.objects.exists()


def test_anchors_are_written_once(node):
    row = anchors.make()
    with pytest.raises(TypeError):
        row.delete()
    with pytest.raises(TypeError):
        Anchor.objects.all().delete()
    with pytest.raises(TypeError):
        Anchor.objects.update(sha256="")


def test_the_file_is_given_out_as_it_was_signed(node, technician):
    row = anchors.make()
    answer = technician.client.get(reverse("anchor", kwargs={"number": row.number}))
    assert answer.content == bytes(row.document)
    assert 'filename="ANCHOR_000001.p7m"' in answer["Content-Disposition"]
    assert "ANCHOR_000001.p7m" in technician.client.get(reverse("admin:audit_anchor_changelist")).content.decode()

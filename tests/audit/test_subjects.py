"""What an event is about is said by the row, and so are the ways of its status."""

import pytest
from django.apps import apps

from audit.kinds import KINDS
from audit.log import SYSTEM, record
from audit.models import Event
from audit.moves import IllegalMoveError, Moves, StaleStateError, move
from audit.subjects import AuditSubject
from journals.models import Journal
from stations.models import ExamPoint, Region

MOVED = [model for model in apps.get_models() if isinstance(getattr(model, "MOVES", None), Moves)]


def test_the_rows_with_a_status_are_found():
    assert len(MOVED) >= 15


@pytest.mark.parametrize("model", MOVED, ids=lambda model: model._meta.label)
def test_a_row_names_kinds_of_the_catalogue_and_statuses_of_its_own(model):
    statuses = {value for value, _words in model._meta.get_field("state").choices}
    table, kinds = model.MOVES.table, model.MOVES.kinds
    assert statuses >= {*table, *kinds, *(end for ends in table.values() for end in ends)}
    assert {*kinds.values(), *filter(None, [model.MOVES.kind])} <= {*KINDS}
    assert callable(model.audit_subject)


@pytest.mark.django_db
class TestRecord:
    def test_the_row_names_chain_and_words(self):
        region = Region.objects.create(code="78", name="Область", timezone="Europe/Moscow")
        point = ExamPoint.objects.create(region=region, code="0001", name="Школа", timezone="Europe/Moscow")
        event = record("station.replaced", about=point, actor=SYSTEM)
        assert (event.chain, event.region, event.point, event.subject) == ("78-0001", "78", "0001", "78-0001")
        event = record("registry.taken_in", about=region, actor=SYSTEM)
        assert (event.chain, event.region, event.point, event.subject) == ("node", "78", "", "78 Область")

    def test_words_of_the_caller_go_before_the_row_s(self):
        event = record("station.replaced", about=AuditSubject("78", "0001", "row"), subject="", actor=SYSTEM)
        assert (event.chain, event.subject) == ("78-0001", "")


@pytest.mark.django_db
class TestMove:
    @pytest.fixture
    def row(self, monkeypatch):
        """A row of a journal that is somebody else's in the database."""
        monkeypatch.setattr(Journal, "audit_subject", lambda self: AuditSubject("78", "0001", self.name))
        return Journal(pk=1, state="quarantined", name="as it was")

    def test_the_table_of_the_row_decides(self, row):
        with pytest.raises(IllegalMoveError):
            move(row, "received", actor=SYSTEM)

    def test_a_row_that_moved_meanwhile_writes_no_event(self, row):
        with pytest.raises(StaleStateError):
            move(row, "accepted", actor=SYSTEM)
        assert not Event.objects.exists()
        assert row.state == "quarantined"

    def test_an_event_speaks_of_the_row_as_it_was(self, row, monkeypatch):
        monkeypatch.setattr("django.db.models.query.QuerySet.update", lambda rows, **values: 1)
        move(row, "refused", actor=SYSTEM, name="as it is", data={"why": "x"})
        event = Event.objects.get()
        assert (event.kind, event.chain, event.subject) == ("journals.refused", "78-0001", "as it was")
        assert event.data == {"from": "quarantined", "to": "refused", "why": "x"}
        assert (row.state, row.name) == ("refused", "as it is")

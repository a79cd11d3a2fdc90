"""Journals: the chain of entries, the signature, the sealed numbers."""

import base64
import contextlib
import datetime as dt
import itertools
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.journal_lines import START, build, signed
from tests.support.pki import header, make_fixtures, other_fixtures, the_fixtures
from wire import canonical, cms, journal
from wire.errors import PpeError
from wire.journal import FormSet, JournalError, SealedFormsError
from wire.journal.events import EVENTS, EventError
from wire.journal.lines import relation
from wire.journal.name import compare, name_of
from wire.names import read as read_name
from wire.names import write as write_name
from wire.pki import CertificateRole


def read(blob: bytes) -> journal.JournalDocument:
    return journal.read(blob, trust=the_fixtures().trust)


def test_a_journal_is_read_back_as_it_was_written():
    document = read(signed(build(3)))
    assert document.header == header()
    assert [entry.event for entry in document.entries] == ["set_printed"] * 3 + ["journal_closed"]
    assert [entry.seq for entry in document.entries] == [1, 2, 3, 4]
    assert document.entries[0].data == {"set": 0}
    assert document.entries[0].at == START
    assert document.lines == build(3)
    assert document.problems == ()
    assert document.signed_by is not None
    assert document.closed_at == START + dt.timedelta(days=1)


def test_each_entry_names_the_line_before_it():
    lines = build(3).splitlines()
    for before, line in itertools.pairwise(lines):
        assert canonical.loads(line)["prev"] == journal.line_hash(before)
    assert read(signed(build(3))).last_hash == journal.line_hash(lines[-1])


class TestSignature:
    def test_an_unsigned_journal_is_read_but_not_signed(self):
        document = read(build(2))
        assert document.signed_by is None
        assert document.problems[0].message.ru == "журнал не подписан"

    def test_a_foreign_journal_is_read_but_not_signed(self):
        blob = journal.sign_lines(build(2), other_fixtures().signer("print"))
        document = read(blob)
        assert document.signed_by is None
        assert len(document.entries) == 3
        assert document.problems[0].field == "signature"

    def test_another_station_is_named(self):
        document = read(signed(build(2), "print2"))
        assert document.signed_by is not None
        assert [(part.field, part.found, part.expected) for part in document.problems] == [
            ("signer.station", "0002", "0001")
        ]

    def test_a_station_of_another_kind_is_named(self):
        document = read(signed(build(2), "scan"))
        assert {part.field for part in document.problems} == {"signer.role", "signer.station"}

    def test_a_person_cannot_sign_a_journal(self):
        assert read(signed(build(2), "gek")).signed_by is None

    def test_a_voice_station_is_named_by_room_and_place(self):
        for station in ("0201-3", "3"):
            head = header(kind="voice", room="0201", station=station)
            line = journal.header_line(head)
            closing = journal.make_line(journal.next_entry(line, "journal_closed", kind="voice"))
            document = read(signed(journal.join([line, closing]), "voice"))
            assert document.problems == ()


class TestBroken:
    def break_line(self, number: int, old: bytes, new: bytes) -> bytes:
        lines = build(6).splitlines()
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new)
        return journal.join(lines)

    @pytest.mark.parametrize("number", [1, 3, 6])
    def test_a_changed_entry_is_named(self, number):
        lines = self.break_line(number, b'"p-001"', b'"p-002"')
        with pytest.raises(JournalError, match=f"Запись {number}:"):
            read(lines)

    def test_a_changed_header_is_named(self):
        with pytest.raises(JournalError, match="Заголовок"):
            read(self.break_line(0, b'"0101"', b'"0102"'))

    def test_a_changed_link_is_named(self):
        lines = build(6).splitlines()
        found = canonical.loads(lines[3])
        lines[3] = canonical.dumps(found | {"prev": "0" * 64})
        with pytest.raises(JournalError, match="Запись 3:"):
            read(journal.join(lines))

    def test_a_missing_entry_is_named(self):
        lines = build(6).splitlines()
        del lines[3]
        with pytest.raises(JournalError, match="Запись 3: нарушен порядок"):
            read(journal.join(lines))

    def test_swapped_entries_are_named(self):
        lines = build(6).splitlines()
        lines[2], lines[3] = lines[3], lines[2]
        with pytest.raises(JournalError, match="Запись 2:"):
            read(journal.join(lines))

    def test_a_torn_last_line_is_named(self):
        with pytest.raises(JournalError, match="оборвана"):
            read(build(3)[:-5])

    def test_an_entry_that_is_not_json_is_named(self):
        with pytest.raises(JournalError, match="Запись 2:"):
            read(self.break_line(2, b'{"at"', b'{"at'))

    @pytest.mark.parametrize("row", [b"[]", b"1", b'{"seq":1,"seq":1}', b'{"a":NaN}', b"{}", b"[" * 5000, b"\xff"])
    def test_rubbish_in_place_of_an_entry_is_named(self, row):
        lines = build(3).splitlines()
        lines[2] = row
        with pytest.raises(JournalError, match="Запись 2:"):
            read(journal.join(lines))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("seq", "1"),
            ("seq", True),
            ("at", "2026-05-29"),
            ("at", 5),
            ("at", "2026-13-29T06:00:00.000000Z"),
            ("event", None),
            ("disposition", "maybe"),
            ("person", 5),
            ("data", []),
            ("extra", 1),
        ],
    )
    def test_an_entry_with_a_wrong_field_is_named(self, field, value):
        lines = build(3).splitlines()
        lines[1] = canonical.dumps(canonical.loads(lines[1]) | {field: value})
        with pytest.raises(JournalError, match="Запись 1: неверное поле"):
            read(journal.join(lines))


class TestProblems:
    """What is odd, but does not break the chain."""

    def problems(self, event: str, data: dict[str, Any], *, at: dt.datetime = START) -> list[str]:
        line = journal.header_line(header())
        entry = journal.Entry(1, at, event, "success", None, data, journal.line_hash(line))
        entry_line = journal.make_line(entry)
        closing = journal.make_line(journal.next_entry(entry_line, "journal_closed", kind="print", at=START))
        return [part.field for part in read(signed(journal.join([line, entry_line, closing]))).problems]

    def test_an_unknown_event(self):
        assert self.problems("moon_rises", {}) == ["entries[1].event"]

    def test_an_event_of_another_kind_of_journal(self):
        assert self.problems("room_opened", {"room": "0101"}) == ["entries[1].event"]

    def test_a_missing_field(self):
        assert self.problems("set_printed", {}) == ["entries[1].set"]

    def test_a_wrong_type(self):
        assert self.problems("set_printed", {"set": "1"}) == ["entries[1].set"]
        assert self.problems("set_printed", {"set": True}) == ["entries[1].set"]

    def test_an_unexpected_field(self):
        assert self.problems("set_printed", {"set": 1, "number": "0100000000007"}) == ["entries[1].number"]

    def test_a_clock_that_went_back(self):
        assert self.problems("set_printed", {"set": 1}, at=START - dt.timedelta(hours=3)) == ["entries[1].at"]

    def test_a_journal_that_was_not_closed(self):
        lines = b"".join(line + b"\n" for line in build(2).splitlines()[:-1])
        assert [part.expected for part in read(signed(lines)).problems] == ["journal_closed"]


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_writing_holds_to_the_catalogue(event):
    line = journal.header_line(header())
    kind = cast(journal.Kind, sorted(EVENTS[event].kinds)[0])
    with pytest.raises(EventError):
        journal.next_entry(line, event, kind=kind, data={"no_such_field": 1})
    if EVENTS[event].required:
        with pytest.raises(EventError):
            journal.next_entry(line, event, kind=kind, data={})


class TestForms:
    SETS = [
        FormSet(1, False, False, {"R": "0100000000007", "AB": "0200000000004"}),
        FormSet(2, True, False, {"R": "0100000000014"}),
        FormSet(3, False, True, {"R": "0100000000021"}),
    ]

    def journal(self, *batches: list[FormSet], recipients: tuple[str, ...] = ("access",)) -> journal.JournalDocument:
        certificates = [the_fixtures().certificates[name] for name in recipients]
        line = journal.header_line(header())
        lines = [line]
        for batch in batches:
            data = journal.seal_forms(batch, recipients=certificates)
            line = journal.make_line(journal.next_entry(line, "forms_sealed", kind="print", data=data))
            lines.append(line)
        lines.append(journal.make_line(journal.next_entry(line, "journal_closed", kind="print")))
        return read(signed(journal.join(lines)))

    def test_the_access_key_opens_them(self):
        document = self.journal(self.SETS)
        assert document.problems == ()
        assert journal.open_forms(document, recipients=[the_fixtures().recipient("access")]) == self.SETS

    def test_each_of_several_keys_opens_them(self):
        world = make_fixtures()
        world.make("reserve", CertificateRole.ACCESS, "0001", "290526-01-v2")
        data = journal.seal_forms(self.SETS, recipients=[world.certificates["access"], world.certificates["reserve"]])
        entry = journal.Entry(1, START, "forms_sealed", "success", None, data, "")
        lines = journal.read_lines(journal.join([journal.header_line(header())]))
        lines.entries.append(entry)
        for name in ("access", "reserve"):
            assert journal.open_forms(lines, recipients=[world.recipient(name)]) == self.SETS

    def test_the_later_word_about_a_set_holds(self):
        spoiled = FormSet(1, True, False, self.SETS[0].sheets)
        document = self.journal(self.SETS[:2], [spoiled, self.SETS[2]])
        opened = journal.open_forms(document, recipients=[the_fixtures().recipient("access")])
        assert opened == [spoiled, *self.SETS[1:]]

    def test_no_other_key_opens_them(self):
        document = self.journal(self.SETS)
        for name in ("gek", "hq", "rcoi"):
            with pytest.raises(SealedFormsError):
                journal.open_forms(document, recipients=[the_fixtures().recipient(name)])
        with pytest.raises(SealedFormsError):
            journal.open_forms(document, recipients=[])

    def test_no_number_is_readable_without_a_key(self):
        lines = self.journal(self.SETS).lines
        for number in (number for row in self.SETS for number in row.sheets.values()):
            assert number.encode() not in lines

    @pytest.mark.parametrize(
        "rows",
        [
            {},
            [1],
            [{"set": 1}],
            [{"set": "1", "spoiled": False, "unused": False, "sheets": {}}],
            [{"set": 1, "spoiled": False, "unused": False, "sheets": {"R": 5}}],
        ],
    )
    def test_numbers_of_a_wrong_shape_are_refused(self, rows):
        sealed = cms.seal_bytes(canonical.dumps(rows), recipients=[the_fixtures().certificates["access"]])
        lines = journal.read_lines(journal.join([journal.header_line(header())]))
        data = {"p7m": base64.b64encode(sealed).decode(), "count": 1, "recipients": []}
        lines.entries.append(journal.Entry(1, START, "forms_sealed", "success", None, data, ""))
        with pytest.raises(SealedFormsError):
            journal.open_forms(lines, recipients=[the_fixtures().recipient("access")])


def test_a_longer_journal_has_the_shorter_one_as_its_beginning():
    long, short = build(5), b"".join(line + b"\n" for line in build(5).splitlines()[:3])
    assert relation(long, short) == "longer"
    assert relation(short, long) == "shorter"
    assert relation(long, long) == "same"
    assert relation(build(5, serial="other"), short) == "fork"


class TestNameBesideContent:
    def test_the_name_of_a_journal_is_read_back(self):
        for head in (header(), header(kind="scan", room=None, station="01"), header(room=None, station="0006")):
            name = name_of(head)
            assert read_name(write_name(name)).name == name
            assert compare(name, head) == ()

    def test_a_station_without_a_room_stands_in_room_0000(self):
        assert name_of(header(room=None)).room == "0000"
        assert name_of(header(kind="scan", room=None, station="01")).room is None

    def test_a_voice_station_is_named_by_its_place(self):
        assert name_of(header(kind="voice", room="0201", station="0201-3")).station == "3"

    def test_every_difference_is_named(self):
        name = name_of(header())
        other = header(
            region="77", point="0002", room="0102", station="0007", sitting="77-0002-300526-02", subject="02"
        )
        fields = [part.field for part in compare(name, other)]
        assert fields == ["region", "point", "date", "subject", "room", "station"]
        assert compare(name, other)[0].message.ru == "регион: в имени 78, в журнале 77"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_journal_or_refused(blob):
    with pytest.raises(PpeError):
        read(blob)


@given(st.integers(0, 10**6), st.binary(max_size=40))
def test_a_journal_with_bytes_replaced_is_a_journal_or_refused(place, junk):
    blob = signed(build(3))
    place %= len(blob)
    with contextlib.suppress(PpeError):
        read(blob[:place] + junk + blob[place + len(junk) :])


def test_a_journal_of_fifty_thousand_entries_is_read():
    assert len(read(signed(build(50_000))).entries) == 50_001

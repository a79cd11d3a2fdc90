"""The print stations of the day: programs of others, which no fault of a node touches."""

import itertools
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.simulator.chance import drawn
from tests.simulator.morning import CODE, NOON, REGION
from wire import forms, journal, names
from wire.cms import Signer
from wire.journal import FormSet, Header
from wire.journal import name as journal_name
from wire.subjects import form_set


class PrintStation:
    """A station with its local log; a log may go on after its journal was formed, or end otherwise than before."""

    def __init__(self, papers: Path, exam: str, subject: str, room: str, serials: "itertools.count[int]") -> None:
        self.papers, self.exam, self.subject, self.room, self.serials = papers, exam, subject, room, serials
        certificate = x509.load_pem_x509_certificate((papers / f"print-{room}.pem").read_bytes())
        key = serialization.load_pem_private_key((papers / f"print-{room}.key").read_bytes(), None)
        self.signer = Signer(certificate, key)  # type: ignore[arg-type]
        ident = f"access-{NOON:%d%m%y}-{subject}-v1"
        self.recipient = x509.load_pem_x509_certificate((papers / f"{ident}.pem").read_bytes())
        self.opened = NOON + timedelta(minutes=1)
        self.header = Header(
            kind="print",
            mode="live",
            region=REGION,
            point=CODE,
            room=room,
            sitting=exam,
            subject=subject,
            station=room,
            serial=f"SN-print-{room}",
            software="ppe-station 1",
            opened_at=self.opened,
            duty="main",
        )
        self.lines = [journal.header_line(self.header)]
        self.sets: list[FormSet] = []
        self.add("software_started", version="1")
        self.add("exam_started")
        self.print_sets(2)

    @property
    def at(self) -> datetime:
        """The station's clock: a second an entry."""
        return self.opened + timedelta(seconds=len(self.lines))

    @property
    def closed(self) -> bool:
        """Whether its journal is formed."""
        return b'"journal_closed"' in self.lines[-1]

    @property
    def name(self) -> str:
        """The official name of its file."""
        return names.write(journal_name.name_of(self.header))

    def add(self, event: str, **data: object) -> None:
        """Append an entry."""
        entry = journal.next_entry(self.lines[-1], event, kind="print", data=data, at=self.at)
        self.lines.append(journal.make_line(entry))

    def print_sets(self, count: int) -> None:
        """Print sets of forms, their numbers sealed to the access key."""
        begin = len(self.sets) + 1
        made = [
            FormSet(
                each,
                False,
                False,
                {kind: forms.make_number(kind, next(self.serials)) for kind in form_set(self.subject)},
            )
            for each in range(begin, begin + count)
        ]
        self.sets += made
        self._seal(made)

    def spoil(self) -> None:
        """Say of the last set that it is spoiled."""
        used = [place for place, each in enumerate(self.sets) if not each.spoiled]
        if len(used) > 1:
            last = self.sets[used[-1]]
            self.sets[used[-1]] = FormSet(last.ordinal, True, False, last.sheets)
            self._seal([self.sets[used[-1]]])

    def _seal(self, made: list[FormSet]) -> None:
        with self._drawn():
            sealed = journal.seal_forms(made, recipients=[self.recipient])
        self.add("forms_sealed", **sealed)

    def _drawn(self) -> AbstractContextManager[None]:
        return drawn(f"{self.exam} {self.room} {len(self.lines)}")

    def close(self, *, signed: bool = True) -> bytes:
        """Form the journal, or give again the one that is formed."""
        if not self.closed:
            self.add("journal_closed")
        if not signed:
            return journal.join(self.lines)
        with time_machine.travel(self.at, tick=False), self._drawn():
            return journal.sign_lines(journal.join(self.lines), self.signer)

    def go_on(self) -> None:
        """Go on after the journal was formed."""
        if self.closed:
            self.add("journal_reopened", reason="ещё")

    def fork(self) -> None:
        """Forget the end of the journal and write another one: a copy of the disk was put back."""
        while len(self.lines) > 3 and self.closed:
            self.lines.pop()
        self.add("software_started", version="2")

    def papers_of_people(self) -> list[tuple[str, str]]:
        """Return kind and number of every sheet that lies in the envelope of the room."""
        return [
            (kind, number)
            for each in self.sets
            if not (each.spoiled or each.unused)
            for kind, number in each.sheets.items()
        ]

    def used(self) -> dict[str, str]:
        """Return number → kind of every sheet that went to a person."""
        return {number: kind for kind, number in self.papers_of_people()}

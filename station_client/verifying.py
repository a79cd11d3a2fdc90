"""What a file is, whether it holds, and what it says, in words; offline."""

import datetime as dt
import importlib
import mmap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wire import canonical, cms, journal, names, packet, pki, schema
from wire.cms import SignedBy, Span
from wire.documents import act, feed, package, receipt
from wire.durable import disk_refusal
from wire.errors import FieldError, PpeError
from wire.journal import times
from wire.journal.events import EVENTS
from wire.journal.name import compare
from wire.messages import Both, Message
from wire.packet.zip import CONTENT, ContainerError
from wire.pki import TrustStore

if TYPE_CHECKING:
    from station_client.verifying_pdf import Paper

Verdict = Literal["ok", "problems", "refused"]
MAX_FILE = 256 * 1024 * 1024
_KINDS = {"print": Message("print"), "voice": Message("voice"), "scan": Message("scan")}
_LEVELS = {
    "delivered": Message("handed over"),
    "acknowledged": Message("acknowledged"),
    "rejected": Message("turned down"),
    "withdrawn": Message("withdrawn"),
}


@dataclass(slots=True)
class FileReport:
    """What was found out about one file."""

    path: Path
    title: Message = field(default_factory=lambda: Message("Unknown file"))
    verdict: Verdict = "ok"
    facts: list[tuple[Message, Message]] = field(default_factory=list)
    problems: list[Message] = field(default_factory=list)

    def fact(self, message: Message, value: object) -> None:
        """Say one thing about the file; a value that is words is a message."""
        if value not in (None, "", (), {}):
            self.facts.append((message, value if isinstance(value, Message) else Both(str(value))))

    def problem(self, message: Message) -> None:
        """Say what is wrong."""
        self.problems.append(message)
        if self.verdict == "ok":
            self.verdict = "problems"

    def refuse(self, refusal: PpeError) -> None:
        """Say that the file does not hold."""
        self.verdict = "refused"
        self.problems.append(refusal.message)
        self.problems.extend(part.message for part in refusal.parts)

    def signed(self, signed_by: SignedBy) -> None:
        """Say who signed."""
        identity = signed_by.identity
        self.fact(Message("Signed by"), Both(f"{identity.unit} ({identity.urn})", identity.urn))
        self.fact(Message("Signed at"), _time(signed_by.signed_at))

    def as_dict(self, lang: str) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "file": self.path.name,
            "kind": self.title.render(lang),
            "verdict": self.verdict,
            "facts": {label.render(lang): value.render(lang) for label, value in self.facts},
            "problems": [problem.render(lang) for problem in self.problems],
        }


def _time(moment: dt.datetime | str) -> str:
    value = canonical.parse_stamp(moment) if isinstance(moment, str) else moment
    return f"{value.astimezone(dt.UTC):%d.%m.%Y %H:%M:%S} UTC"


def verify(path: Path, trust: TrustStore | None) -> FileReport:
    """Find out about one file. Never raises for what stands in the file.

    Args:
        path: the file.
        trust: whom to rely upon; without it signatures are shown, but not called good.
    """
    report = FileReport(path)
    known = trust if trust is not None else TrustStore([])
    if trust is None:
        report.problem(Message("nobody to trust is given: use --ca or --package"))
    try:
        _explain(report, path, known)
    except PpeError as refusal:
        report.refuse(refusal)
    except OSError as error:
        report.refuse(disk_refusal(error))
    return report


def _explain(report: FileReport, path: Path, trust: TrustStore) -> None:
    with path.open("rb") as file:
        head = file.read(64)
        if head.startswith(b"PK\x03\x04") and CONTENT.encode() in head:
            report.title = Message("Packet")
            _packet(report, path, trust)
            return
        size = path.stat().st_size
        if size > MAX_FILE:
            raise ContainerError(Message("The file is too big."))
        if not head:
            raise PpeError(Message("There is nothing in the file."))
        # mapped, not read: a journal of a whole day is judged where it stands
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _explain_bytes(report, path, data, trust)


def _explain_bytes(report: FileReport, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    if data[:4] == b"PK\x03\x04":
        report.title = Message("Exam package")
        _package(report, data[:], trust)
    elif data[:5] == b"%PDF-":
        report.title = Message("Report of the centre")
        # The reader of PDF is heavy: a journal is judged without it.
        _pdf(report, importlib.import_module("station_client.verifying_pdf").read(data[:]), trust)
    elif data[:8] == b'{"count"':
        report.title = Message("The centre's feed")
        _feed(report, feed.read_bundle(data[:]), trust)
    else:
        _signed(report, path, data, trust)


def _signed(report: FileReport, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    content = Span(data, 0, len(data)) if data[:1] == b"{" else cms.unverified_in_place(data)
    end = content.data.find(b"\n", content.begin, content.end)
    document = canonical.loads(content.data[content.begin : end if end >= 0 else content.end])
    form = document.get("format", "") if isinstance(document, dict) else ""
    readers: dict[str, tuple[Message, Callable[[], None]]] = {
        "journal": (Message("Electronic journal"), lambda: _journal(report, path, data, trust)),
        "receipt": (Message("Receipt"), lambda: _receipt(report, data[:], trust)),
        "feed": (Message("Item of the feed"), lambda: _feed(report, [data[:]], trust)),
        "act": (Message("Act"), lambda: _act(report, data[:], trust)),
    }
    # Which versions are read, the schema of the kind says.
    kind = str(form).removeprefix("ppe-").rpartition("/")[0]
    if kind not in readers:
        raise PpeError(Message("Unknown kind of document: {form}.", form=str(form)[:80]))
    report.title, read = readers[kind]
    if kind in ("act", "feed"):
        schema.validate(kind, document)
    read()


def _place(report: FileReport, region: str, point: str, mode: str) -> None:
    report.fact(Message("Region, point"), f"{region}, {point}")
    report.fact(Message("Mode"), Message("training") if mode == "training" else Message("live"))


def _parts(report: FileReport, parts: Iterable[FieldError]) -> None:
    for part in parts:
        report.problem(part.message)


def _journal(report: FileReport, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    document = journal.survey(data, trust=trust)
    header = document.header
    report.fact(
        Message("Journal of a station"),
        Message("{kind}, no. {number}", kind=_KINDS[header.kind], number=header.station),
    )
    _place(report, header.region, header.point, header.mode)
    report.fact(Message("Sitting"), header.sitting)
    report.fact(Message("Room"), header.room)
    report.fact(Message("Opened"), _time(header.opened_at))
    report.fact(Message("Closed at"), _time(document.closed_at) if document.closed_at else "—")
    report.fact(Message("Number of entries"), document.count)
    for event, count in sorted(document.events.items(), key=lambda item: -item[1])[:12]:
        message = EVENTS[event].message if event in EVENTS else Both(event)
        report.fact(Message("  {message}", message=message), count)
    if document.events.get("forms_sealed"):
        # Whose key opens them is known only where the keys are: said, lest a good verdict be taken for more than it is.
        report.fact(
            Message("Envelopes with form numbers"),
            Message("not checked: the access key is needed"),
        )
    report.fact(Message("Hash of the last entry"), document.last_hash)
    if document.signed_by is not None:
        report.signed(document.signed_by)
    _parts(report, document.problems)
    # The zone of the point stands in the registry alone: only what is another day in every zone is told.
    _parts(report, times.of_another_day(document.exam, header))
    reading = names.read(path.name)
    _parts(report, reading.doubts)
    if reading.name is not None:
        _parts(report, compare(reading.name, header))
    if reading.proposed not in (None, path.name):
        report.fact(Message("The name should be"), reading.proposed)


def _packet(report: FileReport, path: Path, trust: TrustStore) -> None:
    header = packet.read_header(path)
    report.fact(Message("Kind, version"), f"{header.kind}, v{header.version}")
    _place(report, header.region, header.point, header.mode)
    report.fact(Message("Sitting"), header.sitting)
    report.fact(Message("Room"), header.room)
    report.fact(Message("Sequence"), header.sequence)
    report.fact(Message("Created"), _time(header.created_at))
    report.fact(Message("Counts"), ", ".join(f"{name}: {count}" for name, count in sorted(header.counts.items())))
    report.fact(Message("Size of the content"), header.content_size)
    if header.scan_head is not None:
        end = header.scan_head
        report.fact(
            Message("End of the scan journal"),
            Message(
                "station {station}, entry {number}, {hash}…",
                station=end.station,
                number=end.number,
                hash=end.sha256[:16],
            ),
        )
    checked = packet.verify(path, trust=trust)
    report.fact(Both("SHA-256"), checked.sha256)
    for signed_by in checked.signers:
        report.signed(signed_by)


def _package(report: FileReport, data: bytes, trust: TrustStore) -> None:
    exam, signed_by = package.read(data, trust=trust if trust.roots else None)
    header = exam.header
    _place(report, header["region"], header["point"], header["mode"])
    report.fact(Message("Day, version"), f"{header['date']}, v{header['version']}")
    report.fact(Message("Fingerprint of the authority"), exam.ca_fingerprint)
    report.fact(Message("Number of certificates"), len(exam.certificates))
    report.fact(Message("Access certificates"), len(exam.access))
    report.signed(signed_by)


def _receipt(report: FileReport, data: bytes, trust: TrustStore) -> None:
    document = canonical.loads(cms.unverified_content(data))
    schema.validate("receipt", document)
    report.fact(Message("Verdict"), _LEVELS[document["level"]])
    _place(report, document["region"], document["point"], document["mode"])
    report.fact(Message("Packet"), f"{document['uid']} v{document['version']}")
    report.fact(Message("SHA-256 of the file"), document["sha256"])
    report.fact(Message("Number of the receipt"), document["number"])
    report.fact(Message("Issued"), _time(document["issued_at"]))
    # Earlier receipts said in their reasons what was open about a confirmed packet.
    still_open = document.get("open") or (document["reasons"] if document["level"] == "acknowledged" else [])
    for reason in document["reasons"] if document["level"] != "acknowledged" else []:
        report.fact(Message("Reason"), Both(reason["ru"], reason.get("en") or ""))
    for each in still_open:
        report.fact(Message("Open at the centre"), Both(each["ru"], each.get("en") or ""))
    receipt.read(data, trust)
    _who(report, data, trust)


def _pdf(report: FileReport, paper: "Paper", trust: TrustStore) -> None:
    if paper.number is None and not paper.sitting:
        report.problem(
            Message("no page has the number of a report of the centre, or the sitting of an act of a point"),
        )
    if paper.sitting:
        report.title = Message("Closing act, printed at the point")
    report.fact(Message("Number of the report"), paper.number)
    report.fact(Message("Sitting"), paper.sitting)
    report.fact(Message("Data, SHA-256"), f"{paper.data_sha256}…" if paper.data_sha256 else "")
    if not paper.receipts and not paper.proven_by_receipts:
        report.fact(
            Message("Receipts"),
            Message("the paper speaks of no receipt and holds none"),
        )
    elif not paper.receipts:
        report.problem(
            Message(
                "there are no receipts inside: nothing can be checked by the file itself, ask the centre by its number"
            ),
        )
    for name, blob in sorted(paper.receipts.items()):
        report.fact(Message("Receipt inside"), name)
        _receipt(report, blob, trust)
        if paper.silent(blob):
            report.problem(
                Message("{name}: the pages do not name this receipt or its packet", name=name),
            )
    report.fact(Message("Pages"), Message("not signed, rely on the receipts"))


def _who(report: FileReport, data: bytes, trust: TrustStore) -> None:
    for signed_by in cms.verify(data, trust=trust).signers:
        report.signed(signed_by)


def _act(report: FileReport, data: bytes, trust: TrustStore) -> None:
    document = canonical.loads(cms.unverified_content(data))
    kinds = {
        "journal_missing": Message("the journal of a station is missing"),
        "room_difference": Message("a difference in a room"),
    }
    report.fact(Message("About"), kinds[document["kind"]])
    _place(report, document["region"], document["point"], document["mode"])
    report.fact(Message("Sitting"), document["sitting"])
    report.fact(Message("Room"), document["room"])
    report.fact(Message("Station"), document["station"])
    report.fact(Message("Reason"), document["reason"])
    report.fact(Message("Text"), document["text"])
    report.fact(Message("Numbers"), ", ".join(document["numbers"]))
    _, signed_by = act.read(data, trust)
    report.signed(signed_by)


def _feed(report: FileReport, blobs: list[bytes], trust: TrustStore) -> None:
    items = []
    for blob in blobs:
        item = feed.read(blob, trust)
        items.append((blob, item))
        report.fact(
            Message("no. {number}", number=item.number), f"{item.kind}, {item.region}-{item.point}, {_time(item.at)}"
        )
    if items:
        first = items[0][1]
        feed.follow(items, number=first.number - 1, prev=first.prev)
        _who(report, items[-1][0], trust)


def trust_from(*, ca: Path | None, exam: Path | None, crl: Path | None = None) -> TrustStore | None:
    """A trust store from what the caller names; None when nothing is named.

    Raises:
        PpeError: the certificate, list or package does not hold.
    """
    if exam is not None:
        return package.read(exam.read_bytes(), trust=None)[0].trust()
    if ca is not None:
        return TrustStore(pki.load_pem_certificates(ca.read_bytes()), [crl.read_bytes()] if crl else [])
    return None

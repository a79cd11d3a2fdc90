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
from wire.errors import Part, Refusal
from wire.journal.events import EVENTS
from wire.journal.name import compare
from wire.packet.zip import CONTENT, ContainerRefusal
from wire.pki import TrustStore

if TYPE_CHECKING:
    from station_client.verifying_pdf import Paper

Verdict = Literal["ok", "problems", "refused"]
Words = tuple[str, str]
MAX_FILE = 256 * 1024 * 1024


@dataclass(slots=True)
class Report:
    """What was found out about one file; every text as a pair, Russian and English."""

    path: Path
    title: Words = ("Неизвестный файл", "Unknown file")
    verdict: Verdict = "ok"
    facts: list[tuple[Words, Words]] = field(default_factory=list)
    problems: list[Words] = field(default_factory=list)

    def fact(self, ru: str, en: str, value: object, value_en: object = None) -> None:
        """Say one thing about the file; `value_en` where the value itself is words."""
        if value not in (None, "", (), {}):
            self.facts.append(((ru, en), (str(value), str(value if value_en is None else value_en))))

    def problem(self, ru: str, en: str) -> None:
        """Say what is wrong."""
        self.problems.append((ru, en))
        if self.verdict == "ok":
            self.verdict = "problems"

    def refuse(self, refusal: Refusal) -> None:
        """Say that the file does not hold."""
        self.verdict = "refused"
        self.problems.append((refusal.text("ru"), refusal.text("en")))
        self.problems.extend((part.ru, part.en) for part in refusal.parts)

    def signed(self, signed_by: SignedBy) -> None:
        """Say who signed."""
        identity = signed_by.identity
        self.fact("Подписал", "Signed by", f"{identity.unit} ({identity.urn})", identity.urn)
        self.fact("Время подписи", "Signed at", _time(signed_by.signed_at))

    def as_dict(self, lang: str) -> dict[str, Any]:
        """The report as JSON."""
        at = _side(lang)
        return {
            "file": self.path.name,
            "kind": self.title[at],
            "verdict": self.verdict,
            "facts": {words[at]: value[at] for words, value in self.facts},
            "problems": [words[at] for words in self.problems],
        }


def _side(lang: str) -> int:
    return 1 if lang.startswith("en") else 0


def _time(moment: dt.datetime | str) -> str:
    value = canonical.parse_stamp(moment) if isinstance(moment, str) else moment
    return f"{value.astimezone(dt.UTC):%d.%m.%Y %H:%M:%S} UTC"


def verify(path: Path, trust: TrustStore | None) -> Report:
    """Find out about one file. Never raises for what stands in the file.

    Args:
        path: the file.
        trust: whom to rely upon; without it signatures are shown, but not called good.
    """
    report = Report(path)
    known = trust if trust is not None else TrustStore([])
    if trust is None:
        report.problem(
            "не указано, кому доверять: дайте --ca или --package", "nobody to trust is given: use --ca or --package"
        )
    try:
        _explain(report, path, known)
    except Refusal as refusal:
        report.refuse(refusal)
    except OSError as error:
        report.refuse(disk_refusal(error))
    return report


def _explain(report: Report, path: Path, trust: TrustStore) -> None:
    with path.open("rb") as file:
        head = file.read(64)
        if head.startswith(b"PK\x03\x04") and CONTENT.encode() in head:
            report.title = ("Пакет", "Packet")
            _packet(report, path, trust)
            return
        size = path.stat().st_size
        if size > MAX_FILE:
            raise ContainerRefusal("Файл слишком велик.", "The file is too big.")
        if not head:
            raise Refusal("Файл пуст.", "The file is empty.")
        # mapped, not read: a journal of a whole day is judged where it stands
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            _explain_bytes(report, path, data, trust)


def _explain_bytes(report: Report, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    if data[:4] == b"PK\x03\x04":
        report.title = ("Пакет экзамена", "Exam package")
        _package(report, data[:], trust)
    elif data[:5] == b"%PDF-":
        report.title = ("Отчёт РЦОИ", "Report of the centre")
        # The reader of PDF is heavy: a journal is judged without it.
        _pdf(report, importlib.import_module("station_client.verifying_pdf").read(data[:]), trust)
    elif data[:8] == b'{"count"':
        report.title = ("Лента РЦОИ", "The centre's feed")
        _feed(report, feed.read_bundle(data[:]), trust)
    else:
        _signed(report, path, data, trust)


def _signed(report: Report, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    content = Span(data, 0, len(data)) if data[:1] == b"{" else cms.unverified_in_place(data)
    end = content.data.find(b"\n", content.begin, content.end)
    document = canonical.loads(content.data[content.begin : end if end >= 0 else content.end])
    form = document.get("format", "") if isinstance(document, dict) else ""
    readers: dict[str, tuple[Words, Callable[[], None]]] = {
        "ppe-journal/1": (("Электронный журнал", "Electronic journal"), lambda: _journal(report, path, data, trust)),
        receipt.FORMAT: (("Квитанция", "Receipt"), lambda: _receipt(report, data[:], trust)),
        feed.FORMAT: (("Запись ленты РЦОИ", "Item of the feed"), lambda: _feed(report, [data[:]], trust)),
        act.FORMAT: (("Акт", "Act"), lambda: _act(report, data[:], trust)),
    }
    if form not in readers:
        raise Refusal(f"Неизвестный вид документа: {str(form)[:80]}.", f"Unknown kind of document: {str(form)[:80]}.")
    report.title, read = readers[form]
    if form in (act.FORMAT, feed.FORMAT):
        schema.validate(form.removeprefix("ppe-").removesuffix("/1"), document)
    read()


def _place(report: Report, region: str, point: str, mode: str) -> None:
    report.fact("Регион, ППЭ", "Region, point", f"{region}, {point}")
    report.fact("Режим", "Mode", "тренировочный" if mode == "training" else "боевой", mode)


def _parts(report: Report, parts: Iterable[Part]) -> None:
    for part in parts:
        report.problem(part.ru, part.en)


def _journal(report: Report, path: Path, data: mmap.mmap, trust: TrustStore) -> None:
    document = journal.survey(data, trust=trust)
    header = document.header
    kinds = {"print": "печати", "voice": "записи ответов", "scan": "сканирования"}
    ru, en = f"{kinds[header.kind]}, № {header.station}", f"{header.kind}, No. {header.station}"
    report.fact("Журнал станции", "Journal of a station", ru, en)
    _place(report, header.region, header.point, header.mode)
    report.fact("Экзамен", "Sitting", header.sitting)
    report.fact("Аудитория", "Room", header.room)
    report.fact("Начат", "Opened", _time(header.opened_at))
    report.fact("Завершён", "Closed", _time(document.closed_at) if document.closed_at else "—")
    report.fact("Записей", "Entries", document.count)
    for event, count in sorted(document.events.items(), key=lambda item: -item[1])[:12]:
        ru, en = (EVENTS[event].ru, EVENTS[event].en) if event in EVENTS else (event, event)
        report.fact(f"  {ru}", f"  {en}", count)
    if document.events.get("forms_sealed"):
        # Whose key opens them is known only where the keys are: said, lest a good verdict be taken for more than it is.
        report.fact(
            "Конверты с номерами бланков",
            "Envelopes with form numbers",
            "не проверены: нужен ключ доступа",
            "not checked: the access key is needed",
        )
    report.fact("Хэш последней записи", "Hash of the last entry", document.last_hash)
    if document.signed_by is not None:
        report.signed(document.signed_by)
    _parts(report, document.problems)
    reading = names.read(path.name)
    _parts(report, reading.doubts)
    if reading.name is not None:
        _parts(report, compare(reading.name, header))
    if reading.proposed not in (None, path.name):
        report.fact("Имя должно быть", "The name should be", reading.proposed)


def _packet(report: Report, path: Path, trust: TrustStore) -> None:
    header = packet.read_header(path)
    report.fact("Вид, версия", "Kind, version", f"{header.kind}, v{header.version}")
    _place(report, header.region, header.point, header.mode)
    report.fact("Экзамен", "Sitting", header.sitting)
    report.fact("Аудитория", "Room", header.room)
    report.fact("Номер в цепочке узла", "Sequence", header.sequence)
    report.fact("Создан", "Created", _time(header.created_at))
    report.fact("Счёт", "Counts", ", ".join(f"{name}: {count}" for name, count in sorted(header.counts.items())))
    report.fact("Размер содержимого", "Size of the content", header.content_size)
    checked = packet.verify(path, trust=trust)
    report.fact("SHA-256", "SHA-256", checked.sha256)
    for signed_by in checked.signers:
        report.signed(signed_by)


def _package(report: Report, data: bytes, trust: TrustStore) -> None:
    exam, signed_by = package.read(data, trust=trust if trust.roots else None)
    header = exam.header
    _place(report, header["region"], header["point"], header["mode"])
    report.fact("День, версия", "Day, version", f"{header['date']}, v{header['version']}")
    report.fact("Отпечаток центра", "Fingerprint of the authority", exam.ca_fingerprint)
    report.fact("Сертификатов", "Certificates", len(exam.certificates))
    report.fact("Ключей доступа", "Access certificates", len(exam.access))
    report.signed(signed_by)


def _receipt(report: Report, data: bytes, trust: TrustStore) -> None:
    words = {"delivered": "Передан", "acknowledged": "Подтвержден", "rejected": "Отклонён", "withdrawn": "Отозван"}
    document = canonical.loads(cms.unverified_content(data))
    schema.validate("receipt", document)
    report.fact("Решение", "Verdict", words[document["level"]], document["level"])
    _place(report, document["region"], document["point"], document["mode"])
    report.fact("Пакет", "Packet", f"{document['uid']} v{document['version']}")
    report.fact("SHA-256 файла", "SHA-256 of the file", document["sha256"])
    report.fact("Номер квитанции", "Number", document["number"])
    report.fact("Выдана", "Issued", _time(document["issued_at"]))
    for reason in document["reasons"]:
        report.fact("Причина", "Reason", reason["ru"], reason.get("en"))
    receipt.read(data, trust)
    _who(report, data, trust)


def _pdf(report: Report, paper: "Paper", trust: TrustStore) -> None:
    if paper.number is None and not paper.sitting:
        report.problem(
            "на страницах нет ни номера отчёта РЦОИ, ни экзамена акта ППЭ",
            "no page has the number of a report of the centre, or the sitting of an act of a point",
        )
    if paper.sitting:
        report.title = ("Акт закрытия, напечатан в ППЭ", "Closing act, printed at the point")
    report.fact("Номер отчёта", "Number of the report", paper.number)
    report.fact("Экзамен", "Sitting", paper.sitting)
    report.fact("Данные, SHA-256", "Data, SHA-256", f"{paper.data_sha256}…" if paper.data_sha256 else "")
    if not paper.receipts and not paper.proven_by_receipts:
        report.fact(
            "Квитанции",
            "Receipts",
            "бумага не говорит о пакетах, квитанций в ней нет",
            "the paper speaks of no packet and holds none",
        )
    elif not paper.receipts:
        report.problem(
            "внутри нет квитанций: по самому файлу проверить нечего, спросите РЦОИ по номеру отчёта",
            "there are no receipts inside: nothing can be checked by the file itself, ask the centre by its number",
        )
    for name, blob in sorted(paper.receipts.items()):
        report.fact("Вложена квитанция", "Receipt inside", name)
        _receipt(report, blob, trust)
        if paper.silent(blob):
            report.problem(
                f"{name}: страницы не называют этой квитанции или её пакета",
                f"{name}: the pages do not name this receipt or its packet",
            )
    report.fact("Страницы", "Pages", "не подписаны, верьте квитанциям", "not signed, rely on the receipts")


def _who(report: Report, data: bytes, trust: TrustStore) -> None:
    for signed_by in cms.verify(data, trust=trust).signers:
        report.signed(signed_by)


def _act(report: Report, data: bytes, trust: TrustStore) -> None:
    document = canonical.loads(cms.unverified_content(data))
    kinds = {
        "journal_missing": ("нет журнала станции", "the journal of a station is missing"),
        "room_difference": ("расхождение в аудитории", "a difference in a room"),
    }
    report.fact("О чём", "About", *kinds[document["kind"]])
    _place(report, document["region"], document["point"], document["mode"])
    report.fact("Экзамен", "Sitting", document["sitting"])
    report.fact("Аудитория", "Room", document["room"])
    report.fact("Станция", "Station", document["station"])
    report.fact("Причина", "Reason", document["reason"])
    report.fact("Текст", "Text", document["text"])
    report.fact("Номера", "Numbers", ", ".join(document["numbers"]))
    _, signed_by = act.read(data, trust)
    report.signed(signed_by)


def _feed(report: Report, blobs: list[bytes], trust: TrustStore) -> None:
    items = []
    for blob in blobs:
        item = feed.read(blob, trust)
        items.append((blob, item))
        report.fact(
            f"№ {item.number}", f"No. {item.number}", f"{item.kind}, {item.region}-{item.point}, {_time(item.at)}"
        )
    if items:
        first = items[0][1]
        feed.follow(items, number=first.number - 1, prev=first.prev)
        _who(report, items[-1][0], trust)


def trust_from(*, ca: Path | None, exam: Path | None, crl: Path | None = None) -> TrustStore | None:
    """A trust store from what the caller names; None when nothing is named.

    Raises:
        Refusal: the certificate, list or package does not hold.
    """
    if exam is not None:
        return package.read(exam.read_bytes(), trust=None)[0].trust()
    if ca is not None:
        return TrustStore(pki.load_pem_certificates(ca.read_bytes()), [crl.read_bytes()] if crl else [])
    return None

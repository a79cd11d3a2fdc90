"""Electronic journals: signed documents in which a station says what it did all day.

A `.dat` is CMS SignedData (DER, attached, by the station's certificate) over the lines of `journal_lines`.
Form numbers stand only in `forms_sealed` entries, enveloped to the access keys; everything else is readable.
"""

import base64
import binascii
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.x509 import Certificate

from wire import canonical, cms, pki
from wire.cms import Recipient, SignedBy, Span
from wire.cms.der import Buffer
from wire.errors import FieldError, PpeError
from wire.forms import check_number
from wire.journal.lines import (
    Entry,
    Header,
    JournalError,
    Kind,
    Lines,
    Relation,
    digest_at,
    header_line,
    join,
    line_digests,
    line_hash,
    make_line,
    next_entry,
    read_header,
    read_lines,
    relation,
    walk,
)
from wire.journal.log import JournalClosedError, JournalLog, sign_lines
from wire.messages import Message
from wire.pki import CertificateRole, TrustStore

__all__ = [
    "Entry",
    "FormSet",
    "FormsMalformedError",
    "Header",
    "JournalClosedError",
    "JournalDocument",
    "JournalError",
    "JournalLog",
    "Kind",
    "Relation",
    "SealedFormsError",
    "Survey",
    "digest_at",
    "header_line",
    "join",
    "line_digests",
    "line_hash",
    "make_line",
    "next_entry",
    "open_forms",
    "read",
    "read_header",
    "read_lines",
    "relation",
    "seal_forms",
    "sign_lines",
    "station_ident",
    "survey",
]

MAX_JOURNAL = 256 * 1024 * 1024
_ROLES: Mapping[str, CertificateRole] = {
    "print": CertificateRole.PRINT,
    "voice": CertificateRole.VOICE,
    "scan": CertificateRole.SCAN,
}


class SealedFormsError(PpeError):
    """None of the keys at hand opens the form numbers of a journal."""

    code: ClassVar[str] = "journal_sealed"


class FormsMalformedError(SealedFormsError):
    """What the envelopes hold is no list of sets with the numbers of their forms: no key will ever help."""

    code: ClassVar[str] = "journal_forms_malformed"


@dataclass(frozen=True, slots=True)
class FormSet:
    """One participant's set of forms as the station printed it; sheet numbers by the kind's code."""

    ordinal: int
    spoiled: bool
    unused: bool
    sheets: dict[str, str]


@dataclass(frozen=True, slots=True)
class JournalDocument:
    """A journal that was read: its chain holds; `signed_by` is None when the signature does not.

    `exam` is when the first and the last entry of a print or voice station's exam were written.
    """

    header: Header
    entries: tuple[Entry, ...]
    lines: bytes
    signed_by: SignedBy | None
    problems: tuple[FieldError, ...]
    last_hash: str
    exam: tuple[dt.datetime, dt.datetime] | None = None

    @property
    def closed_at(self) -> dt.datetime | None:
        """When the journal was closed; None when its last entry is another one."""
        last = self.entries[-1] if self.entries else None
        return last.at if last and last.event == "journal_closed" else None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a journal comes to, without its entries."""

    header: Header
    count: int
    events: Mapping[str, int]
    closed_at: dt.datetime | None
    signed_by: SignedBy | None
    problems: tuple[FieldError, ...]
    last_hash: str
    exam: tuple[dt.datetime, dt.datetime] | None = None


def station_ident(header: Header) -> str:
    """How certificates name the station of a journal: a voice station by room and place, the others by number."""
    if header.kind == "voice" and "-" not in header.station:
        return f"{header.room}-{header.station}"
    return header.station


def read(blob: bytes, *, trust: TrustStore, at: dt.datetime | None = None) -> JournalDocument:
    """Read a journal, signed or not.

    Args:
        blob: the file.
        trust: the roots and lists that the signature is judged by.
        at: the moment to judge the certificate at; None means the moment of signing.

    Raises:
        JournalError: not a journal, or its chain is broken; the first bad entry is named.
        SchemaError: the header is not that of a known journal.
    """
    content, lines, signed_by, problems = _read(blob, trust=trust, at=at, keep=True)
    entries = tuple(lines.entries)
    return JournalDocument(lines.header, entries, content.copy(), signed_by, problems, lines.last_hash, lines.exam)


def survey(blob: Buffer, *, trust: TrustStore, at: dt.datetime | None = None) -> Survey:
    """Judge a journal exactly as `read` does, in little memory: the entries are counted, not kept.

    Args:
        blob: the file, or the file mapped into memory.
        trust: as in `read`.
        at: as in `read`.

    Raises:
        JournalError: as `read`.
        SchemaError: as `read`.
    """
    _, lines, signed_by, problems = _read(blob, trust=trust, at=at, keep=False)
    closed_at = lines.last.at if lines.closed and lines.last else None
    return Survey(lines.header, lines.count, lines.events, closed_at, signed_by, problems, lines.last_hash, lines.exam)


def _read(
    blob: Buffer, *, trust: TrustStore, at: dt.datetime | None, keep: bool
) -> tuple[Span, Lines, SignedBy | None, tuple[FieldError, ...]]:
    content, signed_by, problems = _open(blob, trust=trust, at=at)
    lines = walk(content, keep=keep)
    if signed_by is not None:
        problems += _compare_signer(lines.header, signed_by)
    elif problems[0].found == cms.SignatureWrongError.code:
        problems.append(_unchained(lines.count))
    if not lines.closed:
        problems.append(FieldError("entries", "", "journal_closed", Message("the journal is not closed")))
    return content, lines, signed_by, (*problems, *lines.problems)


def _open(blob: Buffer, *, trust: TrustStore, at: dt.datetime | None) -> tuple[Span, SignedBy | None, list[FieldError]]:
    if len(blob) > MAX_JOURNAL:
        raise JournalError(Message("The file is too big for a journal."))
    if blob[:1] == b"{":
        message = Message("the journal is not signed")
        return Span(blob, 0, len(blob)), None, [FieldError("signature", "", "CMS", message)]
    try:
        content, signers = cms.verify_in_place(blob, trust=trust, at=at, roles=set(_ROLES.values()))
    except PpeError as refusal:
        problem = FieldError("signature", refusal.code, "", Message("signature: {why}", why=refusal.message))
        return _unverified(blob, refusal), None, [problem]
    return content, signers[0], []


def _unchained(number: int) -> FieldError:
    """Nothing stands after the last entry to prove it, but the signature."""
    message = Message(
        "the chain of entries holds: the last entry ({number}) was changed, or the signature itself", number=number
    )
    return FieldError("signature.entry", str(number), "", message)


def _unverified(blob: Buffer, refusal: PpeError) -> Span:
    try:
        return cms.unverified_in_place(blob)
    except PpeError:
        raise JournalError(
            Message("This is not an electronic journal: {why}", why=refusal.message),
            remedy=Message("Take the END_….dat file from the station again."),
        ) from refusal


_NAMED = {
    "role": Message("role of the certificate"),
    "region": Message("region"),
    "point": Message("exam point"),
    "station": Message("number of the station"),
}


def _compare_signer(header: Header, signed_by: SignedBy) -> list[FieldError]:
    identity = signed_by.identity
    pairs = (
        ("role", identity.role.value, _ROLES[header.kind].value),
        ("region", identity.region, header.region),
        ("point", identity.point, header.point),
        ("station", identity.ident, station_ident(header)),
    )
    return [
        FieldError(
            f"signer.{name}",
            found,
            expected,
            Message(
                "signed by another station's certificate: {name} {found}, the journal says {expected}",
                name=_NAMED[name],
                found=found,
                expected=expected,
            ),
        )
        for name, found, expected in pairs
        if found != expected
    ]


def seal_forms(sets: Sequence[FormSet], *, recipients: Sequence[Certificate]) -> dict[str, Any]:
    """The data of a `forms_sealed` entry: the numbers, enveloped to every access key loaded at the station."""
    rows = [
        {"set": row.ordinal, "spoiled": row.spoiled, "unused": row.unused, "sheets": dict(row.sheets)} for row in sets
    ]
    sealed = cms.seal_bytes(canonical.dumps(rows), recipients=recipients)
    return {
        "p7m": base64.b64encode(sealed).decode("ascii"),
        "count": len(rows),
        "recipients": [pki.fingerprint(certificate) for certificate in recipients],
    }


def open_forms(document: JournalDocument | Lines, *, recipients: Sequence[Recipient]) -> list[FormSet]:
    """The form numbers of a journal in the order of sets.

    A later entry about a set holds: it was spoiled or left unused since. Its numbers are the same ones.

    Raises:
        SealedFormsError: no key fits.
        FormsMalformedError: what an envelope holds is not a list of sets, a number breaks the grammar, or one ordinal
            or one number stands for two sets.
    """
    found: dict[int, FormSet] = {}
    owners: dict[str, int] = {}
    for entry in document.entries:
        if entry.event == "forms_sealed":
            for row in _open_entry(entry, recipients):
                _require_sound(row, found.setdefault(row.ordinal, row), owners, entry.seq)
                found[row.ordinal] = row
    return [found[ordinal] for ordinal in sorted(found)]


def _require_sound(row: FormSet, earlier: FormSet, owners: dict[str, int], seq: int) -> None:
    if row.sheets != earlier.sheets:
        raise FormsMalformedError(
            Message(
                "Set no. {ordinal} is sealed twice with other numbers (entry {seq}).", ordinal=row.ordinal, seq=seq
            ),
            remedy=_ANEW,
        )
    for kind, number in row.sheets.items():
        form = check_number(number)
        if form is None or form.code != kind:
            raise FormsMalformedError(
                Message(
                    "Set no. {ordinal}: a number of form {kind} is malformed.", ordinal=row.ordinal, kind=kind[:20]
                ),
                remedy=_ANEW,
            )
        if owners.setdefault(number, row.ordinal) != row.ordinal:
            raise FormsMalformedError(
                Message(
                    "Sets no. {ordinal} and {other} hold the same form number.",
                    ordinal=row.ordinal,
                    other=owners[number],
                ),
                remedy=_ANEW,
            )


def sealed_warnings(document: JournalDocument | Lines, *, certificates: Sequence[Certificate]) -> list[FieldError]:
    """Why the form numbers of a journal could never be opened with the keys of some certificates; no key is needed.

    Args:
        document: The journal.
        certificates: Those of the access keys that the point has, or will have, for this exam.
    """
    found = []
    for entry in document.entries:
        if entry.event != "forms_sealed":
            continue
        try:
            cms.require_openable(base64.b64decode(entry.data["p7m"], validate=True), certificates=certificates)
        except (PpeError, KeyError, TypeError, ValueError) as error:
            message = Message(
                "the form numbers (entry {seq}) can never be opened with the keys of this point: {reason}",
                seq=entry.seq,
                reason=error.message if isinstance(error, PpeError) else Message("damaged"),
            )
            found.append(FieldError("sealed", str(entry.seq), "", message))
    return found


_ANEW = Message("Form the journal at the station anew; where that is impossible, make an act.")


def _open_entry(entry: Entry, recipients: Sequence[Recipient]) -> list[FormSet]:
    try:
        blob = base64.b64decode(entry.data["p7m"], validate=True)
        rows = canonical.loads(cms.open_bytes(blob, recipients=recipients))
    except (PpeError, KeyError, TypeError, binascii.Error, ValueError) as error:
        why = error.message if isinstance(error, PpeError) else Message("damaged")
        raise SealedFormsError(
            Message("The form numbers (entry {seq}) do not open: {why}", seq=entry.seq, why=why),
            remedy=Message("Load and activate the access key of this exam."),
        ) from error
    return _form_sets(rows, entry.seq)


def _form_sets(rows: object, seq: int) -> list[FormSet]:
    sets: list[FormSet] = []
    for row in rows if isinstance(rows, list) else [None]:
        match row:
            case {
                "set": int() as ordinal,
                "spoiled": bool() as spoiled,
                "unused": bool() as unused,
                "sheets": dict() as sheets,
            } if ordinal >= 0 and all(isinstance(number, str) for number in sheets.values()):
                sets.append(FormSet(ordinal, spoiled, unused, dict(sheets)))
            case _:
                raise FormsMalformedError(
                    Message("The form numbers (entry {seq}) are not in the format.", seq=seq), remedy=_ANEW
                )
    return sets

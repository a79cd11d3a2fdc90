"""Taking journals in: four doors, one function, a verdict in one line for every file."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import SYSTEM, Actor, hold, record
from audit.moves import move
from common import errors as refusals
from common import files
from common.errors import in_words
from common.work import clock
from common.work.clock import now
from journals import changes, forms, reading
from journals.errors import CannotDecideError, EmptyJournalError, TooBigError
from journals.lookups import Lookups
from journals.models import SEALED, Journal
from journals.places import REGISTRY_FIELDS, registry_mark
from journals.reading import ParsedJournal
from journals.states import JournalState
from journals.verdicts import Pending, Verdict
from keys import access
from stations.models import ExamPoint, Sitting, StationAssignment
from wire import cms, pki
from wire.durable import write_durable_all
from wire.errors import FieldError, PpeError
from wire.journal import JournalDocument, Relation, relation
from wire.messages import Message

MAX_SIZE = 64 * 1024 * 1024


def ingest(
    *, data: bytes, name: str, door: str, actor: Actor, point: ExamPoint | None = None, lookups: Lookups | None = None
) -> Verdict:
    """Take in one file.

    Args:
        data: The file as it came.
        name: Its name.
        door: ``api``, ``browser``, ``flash``, ``packet`` or ``node``.
        actor: Who brought it.
        point: The point whose door it came through; None accepts every point of the node.
        lookups: What the registry said a moment ago, when many files come in a row.

    Returns:
        The verdict. A file that is no journal of this node is turned away: nothing is kept of it but the event.

    Raises:
        EmptyJournalError: There is nothing in it.
        TooBigError: No journal is that big.
    """
    judged = evaluate(data=data, name=name, door=door, actor=actor, point=point, lookups=lookups)
    return judged if isinstance(judged, Verdict) else store([judged], actor=actor)[0]


def evaluate(
    *, data: bytes, name: str, door: str, actor: Actor, point: ExamPoint | None = None, lookups: Lookups | None = None
) -> Pending | Verdict:
    """Read and judge a file as `ingest` does; what is to be kept of it is for `store`.

    Raises:
        EmptyJournalError: There is nothing in it.
        TooBigError: No journal is that big.
    """
    if not data:
        raise EmptyJournalError
    if len(data) > MAX_SIZE:
        raise TooBigError(MAX_SIZE)
    name = _clean(name)
    digest = hashlib.sha256(data).hexdigest()
    known = _known(digest)
    if known is not None:
        return _again(known, name, door, actor)
    at = now()
    try:
        found = reading.read(data, name, point=point, at=at, lookups=lookups)
    except PpeError as refusal:
        return turn_away(refusal=refusal, name=name, door=door, actor=actor, point=point, digest=digest, size=len(data))
    return Pending(_row(found, data, digest, name, door, actor), found, data)


def store(pending: Sequence[Pending], *, actor: Actor) -> list[Verdict]:
    """Keep journals: the bytes first, then all the rows in one transaction.

    Raises:
        DiskError: The disk did not take the files; nothing was kept.
    """
    blobs: dict[Path, bytes] = {}
    for each in pending:
        path = files.folder("journals", each.found.sitting.key) / f"{each.row.sha256}.dat"
        each.row.path = files.relative(path)
        blobs[path] = each.data
    # The bytes first: a row whose file a power cut took would be a journal that nobody can show.
    write_durable_all(blobs, mode=0o600)
    with transaction.atomic():
        # Journals of one sitting are settled one after the other: two copies that come at once must see each other.
        hold(*(each.found.sitting for each in pending))
        sittings = sorted({each.found.sitting.pk for each in pending})
        rows = Sitting.objects.select_for_update(no_key=True).filter(pk__in=sittings)
        list(rows.order_by("pk").values_list("pk"))
        verdicts = [_settle(each.row, each.found, actor) for each in pending]
    counting = [
        each
        for each, verdict in zip(pending, verdicts, strict=True)
        if verdict.journal is each.row and each.row.state == JournalState.ACCEPTED
    ]
    for each in counting:
        _open(each.row, each.found)
    for sitting in {each.found.sitting for each in counting}:
        changes.tell(sitting, {each.row.room_id for each in counting if each.found.sitting == sitting})
    return verdicts


def _known(digest: str) -> Journal | None:
    # Most files are new: the cheap question first, the whole row only for those that are not.
    if not Journal.objects.filter(sha256=digest).order_by().values_list("pk", flat=True)[:1]:
        return None
    return Journal.objects.select_related("point__region", "sitting").get(sha256=digest)


def _clean(name: str) -> str:
    """Return the last part of a name, without what no database and no screen can show."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "�" for c in last)[:255] or Message("without a name").ru


def turn_away(
    *, refusal: PpeError, name: str, door: str, actor: Actor, point: ExamPoint | None, digest: str = "", size: int = 0
) -> Verdict:
    """Record that a file was turned away, and say it in one line; nothing else is kept of it."""
    name = _clean(name)
    record(
        "journals.turned_away",
        about=point,
        subject=name,
        actor=actor,
        data={"sha256": digest, "size": size, "door": door, "code": refusal.code, "text": refusal.text("ru")},
    )
    return Verdict("refused", f"{name}: {refusals.words(refusal)}", None, refusal=refusal)


def _again(known: Journal, name: str, door: str, actor: Actor) -> Verdict:
    if known.state == JournalState.QUARANTINED and recheck(journal=known, actor=actor):
        return Verdict(known.state, f"{name}: {_accepted_words(known)}", known, repeated=True)
    when = clock.local(known.received_at, known.point.timezone)
    words = _("received already at %(time)s, state: %(state)s") % {
        "time": f"{when:%H:%M}",
        "state": str(known.get_state_display()).lower(),
    }
    record("journals.repeated", about=known, actor=actor, data={"sha256": known.sha256, "door": door, "name": name})
    return Verdict(known.state, f"{name}: {words}", known, repeated=True)


def _row(found: ParsedJournal, data: bytes, digest: str, name: str, door: str, actor: Actor) -> Journal:
    at, header, document = now(), found.header, found.document
    row = Journal(
        kind=header.kind,
        point=found.sitting.point,
        sitting=found.sitting,
        station=found.station,
        room=found.room,
        station_said=header.station,
        room_said=header.room or "",
        original_name=name,
        name=found.name,
        sha256=digest,
        size=len(data),
        door=door,
        received_at=at,
        received_by=actor.name,
        opened_at=header.opened_at,
        serial=header.serial,
        software=header.software,
        signed_by=found.signed_by,
        doubts=found.doubts_json(),
        skew_seconds=reading.measured_skew(found, at),
    )
    if document is not None:
        row.entry_count, row.closed_at = len(document.entries), document.closed_at
        row.lines_size, row.lines_sha256 = len(document.lines), hashlib.sha256(document.lines).hexdigest()
        row.sealed_sets = forms.sealed_count(document)
        if document.signed_by is not None:
            row.signer_fingerprint = pki.fingerprint(document.signed_by.certificate)
    return row


def _settle(row: Journal, found: ParsedJournal, actor: Actor) -> Verdict:
    """Decide the state beside the other journals of the same station; call it inside a transaction."""
    others = list(Journal.objects.beside(row))
    if any(other.sha256 == row.sha256 for other in others):
        known = Journal.objects.select_related("point__region", "sitting").get(sha256=row.sha256)
        return _again(known, row.original_name, row.door, actor)
    relations = _corrected(row, _relations(found, others))
    same = next((other for other, how in relations if how == "same" and (other.signed or not row.signed)), None)
    if same is not None:
        return _again(same, row.original_name, row.door, actor)
    _warn_of_relations(row, relations)
    row.state = JournalState.QUARANTINED if row.blocking else JournalState.ACCEPTED
    row.save(force_insert=True)
    _record(row, "journals.taken_in", actor, {"sha256": row.sha256, "door": row.door, "state": row.state})
    if forked := _against(row, relations, "fork"):
        _record(row, "journals.forked", actor, {"with": [other.sha256 for other in forked]})
    if found.document is not None:
        forms.list_answers(row, found.document)
    if row.state == JournalState.ACCEPTED:
        _supersede(row, [other for other, how in relations if how in ("longer", "same")], actor)
        return Verdict(row.state, f"{row.original_name}: {_accepted_words(row)}", row)
    reasons = "; ".join(doubt[refusals.language()] for doubt in row.blocking[:4])
    words = _("in quarantine, needs a decision: %s") if row.signed else _("not signed, in quarantine: %s")
    return Verdict(row.state, f"{row.original_name}: {words % reasons}", row)


def _accepted_words(row: Journal) -> str:
    where = f", {row.room}" if row.room else ""
    return _("accepted: %(station)s%(where)s, entries: %(entries)d") % {
        "station": row.station or row.station_said,
        "where": where,
        "entries": row.entry_count,
    }


Relations = list[tuple[Journal, Relation]]


def _relations(found: ParsedJournal, others: Iterable[Journal]) -> Relations:
    """Return how a new journal stands to others of the same station; what cannot be read cannot be compared."""
    known = [other for other in others if other.lines_size]
    return [(other, _relation(found.document, other)) for other in known] if found.document else []


def _corrected(row: Journal, relations: Relations) -> Relations:
    """Let a sound journal follow those of its station whose numbers no key ever opens, though its entries differ."""
    if not row.signed or row.blocking:
        return relations
    return [(other, "longer" if how == "fork" and _useless(other) else how) for other, how in relations]


def _useless(other: Journal) -> bool:
    return any(doubt.get("field") == SEALED for doubt in other.blocking) or forms.never_opens(other)


def _against(row: Journal, relations: Relations, how: Relation) -> list[Journal]:
    """Return what a journal contradicts; what nobody signed or accepted says nothing against a signed one."""
    return [other for other, its in relations if its == how and (other.signed or other.counts or not row.signed)]


def _relation(document: JournalDocument, other: Journal) -> Relation:
    lines = document.lines
    if len(lines) >= other.lines_size:
        if hashlib.sha256(lines[: other.lines_size]).hexdigest() != other.lines_sha256:
            return "fork"
        return "same" if len(lines) == other.lines_size else "longer"
    try:
        blob = forms.file_bytes(other)
        return relation(lines, blob if blob[:1] == b"{" else cms.unverified_content(blob))
    except PpeError:
        return "fork"


def _against_words(how: Relation, count: int, at: str) -> Message:
    """Say what is wrong beside one other journal of the same station, or several."""
    if how == "shorter":
        if count == 1:
            return Message("shorter than the journal of the same station that came at {at}: entries are lost", at=at)
        return Message("shorter than the journals of the same station that came at {at}: entries are lost", at=at)
    if count == 1:
        return Message("CONTRADICTS the journal of the same station that came at {at}: the entries differ", at=at)
    return Message("CONTRADICTS the journals of the same station that came at {at}: the entries differ", at=at)


def _warn_of_relations(row: Journal, relations: Relations) -> None:
    for how in ("shorter", "fork"):
        against = _against(row, relations, how)
        if not against:
            continue
        times = sorted(each.received_at for each in against)[-5:]
        at = ", ".join(f"{clock.local(time, row.point.timezone):%H:%M}" for time in times)
        said = _against_words(how, len(against), at)
        part = FieldError(how, str(row.entry_count), str(against[-1].entry_count), said)
        row.doubts = [{**part.as_dict(), "blocks": True}, *row.doubts]


def _supersede(row: Journal, shorter: list[Journal], actor: Actor) -> None:
    for other in shorter:
        move(
            other, JournalState.SUPERSEDED, actor=actor, data={"by": row.sha256, "was": other.sha256}, superseded_by=row
        )


def _open(row: Journal, found: ParsedJournal) -> None:
    """Open form numbers at once when the key is active; the chore does it when this is cut short."""
    if not row.sealed_sets or found.document is None:
        return
    recipients = access.recipients_for(found.sitting)
    if recipients:
        with transaction.atomic():
            forms.open_forms(row, found.document, recipients)


def _record(row: Journal, kind: str, actor: Actor, data: dict[str, object]) -> None:
    record(kind, about=row, actor=actor, data=dict(data))


# --- decisions --------------------------------------------------------------------------------------------------------


def accept(*, journal: Journal, reason: str, actor: Actor, post: StationAssignment | None = None) -> Journal:
    """Accept a quarantined journal by a person's decision.

    Args:
        journal: The journal.
        reason: Why it may count.
        actor: Who decides.
        post: The post it belongs to, when the registry and the journal do not agree by themselves.

    Raises:
        CannotDecideError: No reason, or the post cannot be known.
        IllegalMoveError: The journal is in no state to be accepted.
    """
    if not in_words(reason):
        raise CannotDecideError(Message("Give the reason of the acceptance in words."))
    _require_acceptable(journal)
    post = post or _post_for(journal)
    if post is None or post.sitting_id != journal.sitting_id or post.station.kind != journal.kind:
        raise CannotDecideError(
            Message("It is not known whose journal this is: choose one of the expected stations."),
        )
    with transaction.atomic():
        move(
            journal,
            JournalState.ACCEPTED,
            actor=actor,
            data={"reason": reason, "sha256": journal.sha256, "post": str(post)},
            decided_at=now(),
            decided_by=actor.name,
            reason=reason.strip()[:500],
            station=post.station,
            room=post.room,
        )
        others = Journal.objects.of_same_station(journal).filter(state=JournalState.ACCEPTED)
        _supersede(journal, list(others), actor)
    _open_later(journal)
    changes.tell(journal.sitting, [journal.room_id])
    return journal


def _require_acceptable(journal: Journal) -> None:
    if journal.acceptable:
        return
    if any(doubt.get("field") == SEALED for doubt in journal.blocking):
        # Accepted, it would look served while its sheets stay unknown for good.
        raise CannotDecideError(
            Message(
                "The form numbers of this journal can never be opened with the point's keys: it cannot be accepted."
            ),
            remedy=Message(
                "Form the journal at the station anew with this point's exam package; where that is"
                " impossible, refuse the journal and make an act."
            ),
        )
    raise CannotDecideError(
        Message("The signature or the chain of entries of this journal does not hold: a reason is not enough."),
        remedy=Message(
            "Copy the journal from the station again; where it cannot be had, make an act with a GEK member's token."
        ),
    )


def accept_named(*, journal: Journal, actor: Actor) -> Journal:
    """Accept under its right name a journal of which nothing but the file's name is wrong; the name it had is kept.

    Raises:
        CannotDecideError: More than the name is wrong: that needs a reason.
        IllegalMoveError: The journal is in no state to be accepted.
    """
    if not journal.only_misnamed:
        raise CannotDecideError(
            Message("More than the name is wrong: give the reason of the acceptance."),
        )
    # Kept with the journal as people read it: in Russian, as every paper of the point.
    reason = Message("Wrong name of the file; by its content it is {name}", name=journal.name).ru
    return accept(journal=journal, reason=reason[:500], actor=actor)


def _post_for(journal: Journal) -> StationAssignment | None:
    """Return the post of a journal: of its station and room, else the only post that its station has."""
    if journal.station is None:
        return None
    posts = list(
        StationAssignment.objects.filter(sitting=journal.sitting, station=journal.station).select_related(
            "room", "station"
        )
    )
    exact = [post for post in posts if post.room_id == journal.room_id]
    chosen = exact or posts
    return chosen[0] if len(chosen) == 1 else None


def _open_later(journal: Journal) -> None:
    if journal.sealed_sets and journal.sitting is not None:
        recipients = access.recipients_for(journal.sitting)
        if recipients:
            forms.open_one(journal.pk, recipients)


def refuse(*, journal: Journal, reason: str, actor: Actor) -> Journal:
    """Refuse a quarantined journal by a person's decision; the file stays as evidence.

    Raises:
        CannotDecideError: No reason is given.
        IllegalMoveError: The journal is in no state to be refused.
    """
    if not in_words(reason):
        raise CannotDecideError(Message("Give the reason of the refusal in words."))
    move(
        journal,
        JournalState.REFUSED,
        actor=actor,
        data={"reason": reason, "sha256": journal.sha256},
        decided_at=now(),
        decided_by=actor.name,
        reason=reason.strip()[:500],
    )
    return journal


def recheck(*, journal: Journal, actor: Actor) -> bool:
    """Judge a quarantined journal again: the registry or the known certificates may have changed since.

    Returns:
        Whether it is accepted now.
    """
    if journal.state != JournalState.QUARANTINED:
        return False
    try:
        found = reading.read(forms.file_bytes(journal), journal.original_name, point=None, at=journal.received_at)
    except PpeError:
        return False
    fresh = _row(found, b"", journal.sha256, journal.original_name, journal.door, actor)
    with transaction.atomic():
        hold(found.sitting)
        Sitting.objects.select_for_update(no_key=True).get(pk=found.sitting.pk)
        fresh.pk = journal.pk
        relations = _corrected(fresh, _relations(found, Journal.objects.of_same_station(fresh)))
        _warn_of_relations(fresh, relations)
        if fresh.blocking or found.document is None:
            # It still waits: for what speaks against it now.
            Journal.objects.filter(pk=journal.pk, state=JournalState.QUARANTINED).update(doubts=fresh.doubts)
            return False
        move(
            journal,
            JournalState.ACCEPTED,
            kind="journals.rechecked",
            actor=actor,
            data={"sha256": journal.sha256},
            doubts=fresh.doubts,
            signed_by=fresh.signed_by,
            signer_fingerprint=fresh.signer_fingerprint,
            station=fresh.station,
            room=fresh.room,
            name=fresh.name,
        )
        _supersede(journal, [other for other, how in relations if how in ("longer", "same")], actor)
    _open_later(journal)
    changes.tell(journal.sitting, [journal.room_id])
    return True


def recheck_sealed(known: dict[int, int]) -> int:
    """Judge journals again whose numbers no known key could open, where access certificates have come since.

    Args:
        known: How many certificates each sitting had at the last look; brought up to date.

    Returns:
        How many are accepted now.
    """
    return _recheck_changed(known, lambda sitting: len(access.certificates_of(sitting)), {SEALED})


def recheck_registry(known: dict[int, int]) -> int:
    """Judge journals again that the registry spoke against, where it says something else since.

    Args:
        known: What the registry said of each sitting at the last look; brought up to date.

    Returns:
        How many are accepted now.
    """
    return _recheck_changed(known, registry_mark, REGISTRY_FIELDS)


def _recheck_changed(known: dict[int, int], mark_of: Callable[[Sitting], int], fields: Collection[str]) -> int:
    accepted = 0
    rows = Journal.objects.filter(state=JournalState.QUARANTINED).exclude(sitting=None)
    for sitting in Sitting.objects.filter(pk__in=rows.values("sitting")).select_related("point__region", "subject"):
        mark = mark_of(sitting)
        if known.get(sitting.pk) == mark:
            continue
        known[sitting.pk] = mark
        for row in rows.filter(sitting=sitting).select_related("point__region"):
            if any(doubt.get("field") in fields for doubt in row.blocking):
                accepted += recheck(journal=row, actor=SYSTEM)
    return accepted


def recheck_all(*, sitting: Sitting, actor: Actor) -> int:
    """Judge every quarantined journal of a sitting again; return how many are accepted now."""
    rows = Journal.objects.filter(sitting=sitting, state=JournalState.QUARANTINED).order_by("received_at")
    return sum(recheck(journal=row, actor=actor) for row in rows.select_related("point__region"))

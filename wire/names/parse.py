"""Reading damaged names of journals: what was meant, how sure that is, and every oddity in words."""

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Mapping

from wire.filenames import FORBIDDEN
from wire.letters import COPY, FIELDS, table
from wire.messages import Message
from wire.names import fold as names_fold
from wire.names.align import DigitsField, NameToken, align, looks_like_field, token
from wire.names.draft import Draft, Grammar, day_month_year, shown

MAX_TEXT = 1000
_SEPARATORS = " _"


def parse(text: str, grammars: Mapping[str, Grammar], subjects: Mapping[str, str]) -> Draft:
    """Read a name that is not right in every letter. Never raises."""
    draft = Draft()
    if not text.strip() or len(text) > MAX_TEXT:
        draft.doubt("name", text, "END_….dat", Message("the name is empty or too long"))
        return draft
    stem = _strip_extension(draft, _strip_folder(draft, text))
    stem = _strip_copy(draft, stem)
    grammar, rest = _take_prefix(draft, stem, grammars)
    if grammar is None:
        return draft
    draft.kind = grammar.kind
    subject = _take_fields(draft, grammar, _separators(draft, rest))
    _read_date(draft)
    _read_subject(draft, subject, subjects)
    if not names_fold.is_lost(text) and unicodedata.normalize("NFC", text) != text and not draft.doubts:
        message = Message("the letters are decomposed (NFD)")
        draft.doubt("name", text, unicodedata.normalize("NFC", text), message, sure=True)
    return draft


def _strip_folder(draft: Draft, text: str) -> str:
    name = re.split(r"[/\\]", text)[-1]
    if name != text:
        message = Message("the name comes with its folder")
        draft.doubt("folder", text[: -len(name) or None], "", message, sure=True)
    clean = name.strip(" \t\r\n\ufeff\u200b")
    if clean != name:
        message = Message("blanks around the name")
        draft.doubt("name", name, clean, message, sure=True)
    return clean


_NUMBER = r"(?:[ _]*\(?\d{1,3}\)?)?"
_COPY_END = re.compile(
    rf"(?:\s*\(\d{{1,3}}\)|[ _]*[-–—][ _]*(?:{COPY}|copy){_NUMBER}|[ _]+(?:{COPY}|copy){_NUMBER}|~)$", re.I
)
_COPY_START = re.compile(rf"^(?:{COPY}|copy of|copy)(?: \(\d{{1,3}}\))?[ _]+", re.I)
_PARTIAL = re.compile(r"\.(?:part|crdownload|download|tmp|filepart|partial|!ut)$", re.I)
_EXTRA = re.compile(r"\.(?:txt|bak|old|zip|p7s|sig|bin|dat|\d{1,3})$", re.I)


def _strip_extension(draft: Draft, name: str) -> str:
    name = _strip_copy(draft, name)
    if match := _PARTIAL.search(name):
        message = Message("the file was not copied to its end")
        draft.doubt("extension", match[0], ".dat", message)
        name = name[: match.start()]
    while (match := _EXTRA.search(name)) and re.search(r"\.dat", name[: match.start()], re.I):
        message = Message("an extra extension “{match}”", match=match[0])
        draft.doubt("extension", match[0], ".dat", message, sure=match[0].lower() == ".dat")
        name = _strip_copy(draft, name[: match.start()])
    stem, dot, extension = name.rpartition(".")
    folded = extension.translate(table("extension")).lower()
    if dot and folded == "dat":
        if extension != "dat":
            message = Message("the extension is written with other letters")
            draft.doubt("extension", f".{extension}", ".dat", message, sure=True)
        return stem
    if dot and 1 <= len(extension) <= 5 and extension.isalnum() and not extension.isdigit():
        message = Message("the extension is “.{extension}”, not .dat", extension=extension)
        draft.doubt("extension", f".{extension}", ".dat", message)
        return stem
    if match := re.search(r"[_ ,-]dat$", name, re.I):
        message = Message("no dot before the extension")
        draft.doubt("extension", match[0], ".dat", message)
        return name[: match.start()]
    message = Message("no .dat at the end: the name may have been cut")
    draft.doubt("extension", "", ".dat", message)
    return name


def _strip_copy(draft: Draft, stem: str) -> str:
    for pattern in (_COPY_END, _COPY_END, _COPY_START):
        if (match := pattern.search(stem)) and len(match[0]) < len(stem):
            message = Message("it is a copy made by a file manager")
            draft.doubt("copy", match[0], "", message, sure=True)
            stem = stem[: match.start()] + stem[match.end() :]
    return stem


_TO_LATIN = table("prefix")
_PREFIX = re.compile(r"END([ _\-–—]*)(PRINT|VOICE|SCAN)(?![A-Z])", re.I | re.A)


def _take_prefix(draft: Draft, stem: str, grammars: Mapping[str, Grammar]) -> tuple[Grammar | None, str]:
    match = _PREFIX.search(stem) or _PREFIX.search(stem.translate(_TO_LATIN))
    if match is None:
        return _guess_prefix(draft, stem, grammars)
    grammar = grammars[match[2].lower()]
    found = stem[match.start() : match.end()]
    if match.start():
        message = Message("something stands before the name")
        draft.doubt("prefix", stem[: match.start()], "", message)
    if found != grammar.prefix:
        message = Message("the prefix is written “{found}”, it should be {prefix}", found=found, prefix=grammar.prefix)
        draft.doubt("prefix", found, grammar.prefix, message, sure=True)
    rest = stem[match.end() :]
    if rest[:1].isdigit():
        message = Message("no “_” after {prefix}", prefix=grammar.prefix)
        draft.doubt("separator", found + rest[:2], f"{grammar.prefix}_", message, sure=True)
    return grammar, rest


def _guess_prefix(draft: Draft, stem: str, grammars: Mapping[str, Grammar]) -> tuple[Grammar | None, str]:
    head = re.match(r"[^0-9]*", stem)
    words = (head[0] if head else "").strip(" _-").translate(_TO_LATIN).upper()
    prefixes = {grammar.prefix: grammar for grammar in grammars.values()}
    names = {name.removeprefix("END_"): name for name in prefixes} | {name: name for name in prefixes}
    short = re.fullmatch(r"END_?[A-Z]{0,3}~\d", stem, re.I)
    close = [] if short else difflib.get_close_matches(words, list(names), n=1, cutoff=0.7)
    if not close or not head:
        expected = ", ".join(prefixes)
        if short:
            message = Message("the file system shortened the name (8.3): expected {expected}", expected=expected)
        else:
            message = Message("it is not the name of a journal: expected {expected}", expected=expected)
        draft.doubt("prefix", stem, expected, message)
        return None, ""
    grammar = prefixes[names[close[0]]]
    message = Message("the prefix “{head}” looks like {prefix}", head=head[0], prefix=grammar.prefix)
    draft.doubt("prefix", head[0], grammar.prefix, message)
    return grammar, stem[head.end() :]


def _separators(draft: Draft, rest: str) -> str:
    marks = re.findall(r"(?<=\d)[ \-–—.](?=\d)", rest)
    # a date has two dots at most; a third mark between digits stands in place of «_»
    if marks and ("_" not in rest or (marks[0] != " " and marks.count(marks[0]) > 2)):
        message = Message("the parts are not separated by “_”")
        draft.doubt("separator", marks[0], "_", message, sure=marks[0] == " ")
        if marks[0] != " ":
            rest = rest.replace(marks[0], "_")
    elif re.search(r"__", rest.strip("_")) or rest.endswith(("_", " ")) or rest.startswith(("__", " ")):
        message = Message("superfluous “_” or blanks")
        draft.doubt("separator", rest, "_", message, sure=True)
    return rest.strip(_SEPARATORS)


def _take_fields(draft: Draft, grammar: Grammar, rest: str) -> str:
    """Take the fields off both ends; what is left between them is the subject's name."""
    pieces = [(match.start(), match.end()) for match in re.finditer(r"[^ _]+", rest)]
    words = [rest[start:end] for start, end in pieces]
    left = _left_run(words, len(grammar.left))
    right = _run(words[left:][::-1])
    if left == len(words):
        # nothing but digits: the subject's name is missing, the right fields are at the end of the same run
        right = min(len(grammar.right), left)
        left -= right
    tokens = [token(word) for word in words]
    spare = _read_side(draft, grammar.left, tokens[:left])
    # both are turned round: what stands last in the name is the surest
    spare_right = _read_side(draft, grammar.right[::-1], tokens[len(words) - right :][::-1] if right else [])
    _swapped_room(draft, grammar, spare, spare_right)
    _unsure(draft, grammar, spare, spare_right)
    if right == 1 < len(grammar.right) and "room" in {part.name for part in grammar.right} - draft.values.keys():
        _one_of_two(draft, grammar, words[-1])
    for item in (*spare, *spare_right):
        message = Message("an extra part “{raw}”", raw=item.raw)
        draft.doubt("name", item.raw, grammar.shape, message)
    named = {doubt.field for doubt in draft.doubts}
    for part in (*grammar.left, *grammar.right):
        if part.name not in draft.values and part.name not in named:
            message = Message("a part is missing: {label}", label=part.message)
            draft.doubt(part.name, "", part.letters, message)
    middle = pieces[left : len(pieces) - right]
    return rest[middle[0][0] : middle[-1][1]] if middle else ""


def _unsure(draft: Draft, grammar: Grammar, left: list[NameToken], right: list[NameToken]) -> None:
    """Which of several pieces is the extra one cannot be known: what could be read in two ways is not kept."""
    if left:
        filled = {doubt.field for doubt in draft.doubts if doubt.expected.endswith(doubt.found)}
        for part in grammar.left:
            if part.zero_filled and part.name in filled:
                draft.values.pop(part.name, None)
    # a scan journal has no room: four digits there are the room of another kind of journal
    if any(grammar.kind != "scan" or len(item.digits) != 4 for item in right):
        for part in grammar.right:
            draft.values.pop(part.name, None)
            message = Message("which of the parts at the end is the extra one")
            draft.doubt(
                part.name,
                "",
                part.letters,
                Message("{label}: it is not known {question}", label=part.message, question=message),
            )


def _one_of_two(draft: Draft, grammar: Grammar, found: str) -> None:
    """One part where two belong: which of them it is cannot be known."""
    one, other = (part.message for part in grammar.right)
    names = Message("{one} and {other}", one=one, other=other)
    for part in grammar.right:
        draft.values.pop(part.name, None)
        message = Message("one part “{found}” in place of two ({names})", found=found, names=names)
        draft.doubt(part.name, found, part.letters, message)


def _run(words: list[str]) -> int:
    count = 0
    while count < len(words) and looks_like_field(words[count]):
        count += 1
    return count


def _left_run(words: list[str], fields: int) -> int:
    """How many pieces belong to the fields on the left: a word in place of a field must not hide those after it."""
    count = _run(words)
    while count < fields and count + 1 < len(words):
        run = _run(words[count + 1 :])
        # what follows the word must be fields again, and those be followed by the subject's name
        if not run or count + 1 + run == len(words):
            break
        count += 1 + run
    return count


def _read_side(draft: Draft, fields: tuple[DigitsField, ...], tokens: list[NameToken]) -> list[NameToken]:
    spare: list[NameToken] = []
    for part, item in align(tokens[:12], fields):
        if part is None and item is not None:
            spare.append(item)
        elif part is not None and item is not None:
            _read_field(draft, part, item)
    return spare + tokens[12:]


def _read_field(draft: Draft, part: DigitsField, item: NameToken) -> None:
    digits = item.digits
    if digits and digits != item.raw and part.name != "date":
        message = Message(
            "{part}: “{raw}” is not digits only, read as {digits}", part=part.message, raw=item.raw, digits=digits
        )
        draft.doubt(part.name, item.raw, digits, message)
    if len(digits) in part.lengths:
        draft.values[part.name] = digits if part.name != "date" else item.raw
    elif digits and part.name == "date":
        draft.values["date"] = item.raw
    elif digits and part.zero_filled and len(digits) < part.lengths[0]:
        full = digits.zfill(part.lengths[0])
        message = Message("{part}: “{digits}” filled with zeros to {full}", part=part.message, digits=digits, full=full)
        draft.doubt(part.name, digits, full, message)
        draft.values[part.name] = full
    else:
        draft.values.setdefault(part.name, "")
        message = Message("{label}: “{raw}” stands there", label=part.message, raw=item.raw)
        draft.doubt(part.name, item.raw, part.letters, message)


def _swapped_room(draft: Draft, grammar: Grammar, left: list[NameToken], right: list[NameToken]) -> None:
    """The room of one kind of journal written where another kind has it."""
    if "room" in draft.values or not any(part.name == "room" for part in (*grammar.left, *grammar.right)):
        return
    for spare in (left, right):
        for item in spare:
            if len(item.digits) == 4:
                spare.remove(item)
                draft.values["room"] = item.digits
                message = Message("the room stands in a wrong place")
                expected = grammar.shape
                draft.doubt(
                    "room",
                    item.raw,
                    expected,
                    Message("{problem}, expected {expected}", problem=message, expected=expected),
                )
                return


def _read_date(draft: Draft) -> None:
    raw = draft.values.pop("date", "")
    digits = token(raw).digits
    if not digits:
        return
    expected = FIELDS["date"]
    if len(digits) in (6, 8):
        draft.date = day_month_year(digits)
        plain = digits == raw
        if draft.date and (len(digits) == 8 or not plain):
            right = f"{draft.date:%d%m%y}"
            message = Message("the date is “{raw}” instead of {right}", raw=raw, right=right)
            sure = plain or digits == re.sub(r"\D", "", raw)
            draft.doubt("date", raw, right, message, sure=sure)
        elif draft.date is None:
            draft.date = _year_first(digits)
            message = Message("there is no date “{raw}” (DDMMYY)", raw=raw)
            if draft.date:
                message = Message("there is no date “{raw}” (DDMMYY), perhaps the year comes first", raw=raw)
            draft.doubt("date", raw, expected, message)
        return
    if len(digits) == 7:
        options = [text for text in (f"0{digits}", f"{digits[:2]}0{digits[2:]}") if day_month_year(text)]
        draft.date = day_month_year(options[0]) if len({*options}) == 1 else None
        message = Message("the date “{raw}” has 7 digits, 6 are expected", raw=raw)
        draft.doubt("date", raw, expected, message)
        return
    message = Message("the date “{raw}” has a wrong length", raw=raw)
    draft.doubt("date", raw, expected, message)


def _year_first(digits: str) -> dt.date | None:
    # of six digits any mistake makes such a date: only a year of four digits says that it stands first
    return day_month_year(digits[6:] + digits[4:6] + digits[:4]) if len(digits) == 8 else None


def _read_subject(draft: Draft, found: str, subjects: Mapping[str, str]) -> None:
    code = draft.values.get("subject")
    expected = subjects.get(code) if code else None
    if expected is None:
        _unknown_subject(draft, found, subjects)
        return
    draft.subject_name = expected
    steps = names_fold.match(found, expected)
    if steps is not None:
        for step in steps:
            message = Message("subject's name: {difference}", difference=step.message)
            draft.doubt("subject_name", found, expected, message, sure=True)
        return
    for decoded in names_fold.decodings(found):
        if names_fold.match(decoded.text, expected) is not None:
            message = Message(
                "the subject's name is garbled ({source} shown as {screen})",
                source=decoded.source,
                screen=decoded.screen,
            )
            draft.doubt("subject_name", found, expected, message, sure=True)
            return
    _other_name(draft, found, expected, subjects)


def _other_name(draft: Draft, found: str, expected: str, subjects: Mapping[str, str]) -> None:
    other = names_fold.by_name(found, subjects)
    folded, wanted = names_fold.key(found), names_fold.key(expected)
    if not found:
        message = Message("the subject's name is missing")
    elif other is not None:
        message = Message("the name belongs to subject {other}, the code is another one", other=other)
    elif names_fold.is_lost(found):
        message = Message("the subject's name was lost in copying")
    elif folded and wanted.startswith(folded):
        message = Message("the subject's name is cut short")
    elif difflib.SequenceMatcher(None, folded[:100], wanted[:100]).ratio() > 0.7:
        message = Message("the subject's name is misspelt")
    else:
        message = Message("the name is not that of the subject with this code")
    message = Message(
        "{problem}: “{shown}”, expected “{expected}”", problem=message, shown=shown(found), expected=expected
    )
    draft.doubt("subject_name", found, expected, message)


def _unknown_subject(draft: Draft, found: str, subjects: Mapping[str, str]) -> None:
    code = draft.values.get("subject")
    other = names_fold.by_name(found, subjects)
    if code:
        message = Message("there is no subject with the code {code}", code=code)
        draft.doubt("subject", code, other or "", message)
    if other is not None:
        message = Message("by its name it is subject {other}", other=other)
        draft.doubt("subject", code or "", other, message)
        draft.values["subject"] = other
        draft.subject_name = subjects[other]
    elif not found:
        draft.doubt("subject_name", "", "", Message("the subject's name is missing"))
    elif code and (name := _plain(found)):
        draft.subject_name = name


def _plain(found: str) -> str:
    clean = re.sub(rf"[{FORBIDDEN}\ud800-\udfff]", "", found)
    return names_fold.spaces(unicodedata.normalize("NFC", clean)).strip(" _.")

"""What the journals room refuses."""

from typing import ClassVar

from wire.errors import PpeError
from wire.messages import Message


class JournalsError(PpeError):
    """A journal or act cannot be accepted as asked."""

    code: ClassVar[str] = "journal_refused"


class EmptyJournalError(JournalsError):
    """There is nothing in the file."""

    code = "journal_empty"

    def __init__(self) -> None:
        super().__init__(
            Message("The file is empty."),
            remedy=Message(
                "Form the journal at the station again and wait until it says that the drive may be removed."
            ),
        )


class TooBigError(JournalsError):
    """No journal is that big."""

    code = "journal_too_big"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            Message("The file is bigger than {limit} MiB: no journal is.", limit=limit // (1 << 20)),
        )


class NotAJournalError(JournalsError):
    """The bytes are not a journal at all."""

    code = "not_a_journal"
    http_status = 422


class ForeignJournalError(JournalsError):
    """The journal is of another region, point, exam or mode."""

    code = "journal_foreign"
    http_status = 422


class CannotDecideError(JournalsError):
    """The journal cannot be accepted or refused by a person as asked."""

    code = "journal_decision_refused"
    http_status = 409


class ActRefusedError(JournalsError):
    """The act cannot be made as asked."""

    code = "act_refused"


class JournalNotThereError(JournalsError):
    """No such journal."""

    code = "journal_not_found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(Message("No such journal came here."))

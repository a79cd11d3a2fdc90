"""What the journals room refuses."""

from typing import ClassVar

from wire.errors import Refusal


class JournalsRefusal(Refusal):
    """A journal or act cannot be accepted as asked."""

    code: ClassVar[str] = "journal_refused"


class EmptyFile(JournalsRefusal):
    """There is nothing in the file."""

    code = "journal_empty"

    def __init__(self) -> None:
        super().__init__(
            "Файл пуст: журнала в нём нет.",
            "The file is empty.",
            cure_ru="Сформируйте журнал на станции ещё раз и дождитесь сообщения, что накопитель можно вынуть.",
            cure_en="Form the journal at the station again and wait until it says that the drive may be removed.",
        )


class TooBig(JournalsRefusal):
    """No journal is that big."""

    code = "journal_too_big"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Файл больше {limit // (1 << 20)} МиБ: таких журналов не бывает.",
            f"The file is bigger than {limit // (1 << 20)} MiB: no journal is.",
        )


class NotAJournal(JournalsRefusal):
    """The bytes are not a journal at all."""

    code = "not_a_journal"
    http_status = 422


class ForeignJournal(JournalsRefusal):
    """The journal is of another region, point, exam or mode."""

    code = "journal_foreign"
    http_status = 422


class CannotDecide(JournalsRefusal):
    """The journal cannot be accepted or refused by a person as asked."""

    code = "journal_decision_refused"
    http_status = 409


class ActRefused(JournalsRefusal):
    """The act cannot be made as asked."""

    code = "act_refused"


class NotThere(JournalsRefusal):
    """No such journal."""

    code = "journal_not_found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__("Такой журнал сюда не приходил.", "No such journal came here.")


class StationUnknown(JournalsRefusal):
    """The registry of this node has no such station."""

    code = "station_unknown"
    http_status = 422

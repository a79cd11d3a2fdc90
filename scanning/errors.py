"""What the scanning desk refuses, in words an operator can act upon."""

from common.errors import Said
from wire.errors import Part, Refusal


class CardRefused(Refusal):
    """The card cannot be saved as filled in."""

    code = "card_refused"


class CardChanged(Refusal):
    """Somebody saved the card after this person opened it."""

    code = "card_changed"
    http_status = 409

    def __init__(self, who: str, parts: list[Part]) -> None:
        ru = "; ".join(part.ru for part in parts) or "значения те же"
        en = "; ".join(part.en for part in parts) or "the values are the same"
        super().__init__(
            f"Карточку уже изменил(а) {who}: {ru}.",
            f"{who} has already changed the card: {en}.",
            cure_ru="Сверьте значения с ведомостью и сохраните ещё раз.",
            cure_en="Compare the values with the sheet and save again.",
            parts=parts,
        )


class CardIsClosed(Refusal):
    """The room is closed: nothing in it changes until it is opened again."""

    code = "card_closed"
    http_status = 409

    def __init__(self, room: str) -> None:
        super().__init__(
            f"Аудитория {room} закрыта: её листы больше не меняются.",
            f"Room {room} is closed: its sheets do not change any more.",
            cure_ru="Она откроется снова сама по запросу РЦОИ или когда придёт журнал с новыми комплектами.",
            cure_en="A request of the centre, or a journal with new sets, opens the room again by itself.",
        )


class NotBalanced(Refusal):
    """The room's balance is not zero."""

    code = "not_balanced"
    http_status = 409

    def __init__(self, reasons: list[tuple[str, str, str]]) -> None:
        ru = "; ".join(reason[1] for reason in reasons)
        en = "; ".join(reason[2] for reason in reasons)
        super().__init__(
            f"Аудиторию нельзя закрыть: {ru}.",
            f"The room cannot be closed: {en}.",
            cure_ru="Устраните расхождения или закройте аудиторию с актом.",
            cure_en="Settle the differences, or close the room with an act.",
            parts=[Part(code, "", "", one, two) for code, one, two in reasons],
        )


class ScanNotFinished(Refusal):
    """The scan journal is asked for while a room of the exam is not closed."""

    code = "rooms_open"
    http_status = 409

    def __init__(self, rooms: list[tuple[str, Said]]) -> None:
        """Name every room, by its number and in words with its state."""
        parts = [Part(number, "", "", words.ru, words.en) for number, words in rooms]
        super().__init__(
            f"Журнал сканирования не сформирован: не закрыто помещений — {len(parts)} "
            f"({'; '.join(part.ru for part in parts)}).",
            f"The scan journal was not formed: rooms not closed — {len(parts)} "
            f"({'; '.join(part.en for part in parts)}).",
            cure_ru="Закройте эти аудитории и Штаб на станции сканирования, затем сформируйте журнал.",
            cure_en="Close these rooms and the HQ on the scanning desk, then form the journal.",
            parts=parts,
        )


class NothingDifferent(Refusal):
    """An act is asked for where nothing is different."""

    code = "nothing_different"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "Расхождений нет: закройте аудиторию без акта.", "Nothing differs: close the room without an act."
        )


class NotReadYet(Refusal):
    """Some sheets or recordings are still being read."""

    code = "not_read_yet"
    http_status = 409
    permanent = False

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Ещё читается листов и записей: {count}. Подождите, страница обновится сама.",
            f"{count} sheets and recordings are still being read. Wait; the page reloads by itself.",
        )


class StillSealed(Refusal):
    """Form numbers cannot be compared before the access key is active."""

    code = "numbers_sealed"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "Номера бланков ещё закрыты: ключ доступа к ЭМ не активирован.",
            "The form numbers are still sealed: the access key is not active.",
            cure_ru="Член ГЭК активирует ключ на странице «Ключ доступа к ЭМ».",
            cure_en="The GEK member activates the key on its page.",
        )


class DecisionRefused(Refusal):
    """The decision about a sheet or recording is not a legal one."""

    code = "decision_refused"


class PicturesGone(Refusal):
    """A room cannot be packed: pictures of its sheets are not on the disk as they were read."""

    code = "pictures_gone"

    def __init__(self, room: str, sheets: list[str]) -> None:
        listed = ", ".join(sheets[:20])
        super().__init__(
            f"Аудитория {room}: на диске нет изображений листов, пакет не собирается: {listed}.",
            f"Room {room}: pictures of sheets are not on the disk, nothing is packed: {listed}.",
            cure_ru="Аудитория открыта снова: прочитайте эти листы снова или отсканируйте их заново и закройте её.",
            cure_en="The room is open again: read these sheets again or scan them anew, then close it.",
        )


class NoPicture(DecisionRefused):
    """A sheet without a picture can only be read again or left out."""

    code = "no_picture"

    def __init__(self) -> None:
        super().__init__(
            "У листа нет изображения: номер и решение по нему не принимаются.",
            "The sheet has no picture: no number and no decision is taken.",
            cure_ru="Нажмите «Прочитать снова»; если не поможет, отсканируйте лист заново, а этот исключите.",
            cure_en="Press “Read again”; if that does not help, scan the sheet again and leave this one out.",
        )


class NumberRefused(DecisionRefused):
    """The typed number is not one that this sheet can have."""

    code = "number_refused"


class NothingToUndo(Refusal):
    """The last decision cannot be taken back."""

    code = "nothing_to_undo"
    http_status = 409

    def __init__(self) -> None:
        super().__init__(
            "Отменить нечего: решение уже отменено, закреплено закрытием или после него были другие.",
            "There is nothing to undo: the decision was undone, settled by closing, or others came after it.",
            cure_ru="Обновите страницу: на ней названо последнее решение, которое можно отменить.",
            cure_en="Reload the page: it names the last decision that can be undone.",
        )


class BatchRefused(Refusal):
    """This cannot be done with the batch."""

    code = "batch_refused"
    http_status = 409


class NotEnoughSpace(Refusal):
    """The disk of the node is nearly full."""

    code = "disk_full"
    http_status = 507
    permanent = False

    def __init__(self, left: int) -> None:
        super().__init__(
            f"На диске узла осталось {left // 1_000_000} МБ: файл не принят.",
            f"{left // 1_000_000} MB are left on the node's disk: the file was not taken.",
            cure_ru="Освободите место и загрузите файл снова.",
            cure_en="Free some space and upload the file again.",
        )


class FileTooBig(Refusal):
    """One file is bigger than any batch of sheets or any answer can be."""

    code = "file_too_big"
    http_status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Файл больше {limit // 1_000_000} МБ не принимается.", f"Files over {limit // 1_000_000} MB are not taken."
        )


class AlreadyTaken(Refusal):
    """These very bytes are here already."""

    code = "already_taken"
    http_status = 409

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(ru, en)


class NothingToShow(Refusal):
    """The file that should be there cannot be read."""

    code = "file_unreadable"
    http_status = 404

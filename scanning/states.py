"""The statuses of the scanning desk and their legal transitions; the only place that names them."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class CardState(TextChoices):
    """A room on its way from the first sheet to the packet."""

    WAITING = "waiting", _("Ожидает")
    OPEN = "open", _("Открыта")
    SCANNING = "scanning", _("Сканируется")
    RECONCILED = "reconciled", _("Сошлась")
    DISCREPANT = "discrepant", _("Расхождение")
    CLOSED = "closed", _("Закрыта")
    CLOSED_WITH_ACT = "closed_with_act", _("Закрыта с актом")
    PACKED = "packed", _("Упакована")


class SourceState(TextChoices):
    """A file as received."""

    RECEIVED = "received", _("Читается")
    READ = "read", _("Прочитан")


class SheetState(TextChoices):
    """One side of paper."""

    RECEIVED = "received", _("Получен")
    RECOGNISED = "recognised", _("Распознан")
    PROBLEM = "problem", _("Требует решения")
    ACCEPTED = "accepted", _("Принят")
    DISCARDED = "discarded", _("Исключён")
    REPLACED = "replaced", _("Заменён")


class RecordingState(TextChoices):
    """One recorded answer."""

    RECEIVED = "received", _("Получен")
    READ = "read", _("Прочитан")
    PROBLEM = "problem", _("Требует решения")
    ACCEPTED = "accepted", _("Принят")
    DISCARDED = "discarded", _("Исключён")


class BatchState(TextChoices):
    """One handing over of files."""

    OPEN = "open", _("В работе")
    PAUSED = "paused", _("Приостановлена")
    DELETED = "deleted", _("Удалена")


class ScanState(TextChoices):
    """One pass of the scanner, begun in the page."""

    WAITING = "waiting", _("Ждёт сканера")
    SCANNING = "scanning", _("Сканирует")
    DONE = "done", _("Завершено")
    FAILED = "failed", _("Остановлено")
    CANCELLED = "cancelled", _("Отменено")


class FolderState(TextChoices):
    """A watched folder of a scanner's own software."""

    WATCHED = "watched", _("Наблюдается")
    ENDED = "ended", _("Отключена")


C, S, R = CardState, SheetState, RecordingState
B, J = BatchState, ScanState

#: While a card is in one of these, sheets may come and be decided about.
EDITABLE = frozenset({C.WAITING, C.OPEN, C.SCANNING, C.RECONCILED, C.DISCREPANT})
CLOSED = frozenset({C.CLOSED, C.CLOSED_WITH_ACT, C.PACKED})
#: Sheets that stand for paper in the envelope.
ACTIVE = frozenset({S.RECEIVED, S.RECOGNISED, S.PROBLEM, S.ACCEPTED})
ACTIVE_RECORDINGS = frozenset({R.RECEIVED, R.READ, R.PROBLEM, R.ACCEPTED})

CARD_MOVES: Mapping[str, frozenset[str]] = {
    C.WAITING: frozenset({C.OPEN}),
    C.OPEN: frozenset({C.SCANNING, C.RECONCILED, C.DISCREPANT}),
    C.SCANNING: frozenset({C.RECONCILED, C.DISCREPANT}),
    C.RECONCILED: frozenset({C.SCANNING, C.DISCREPANT, C.CLOSED}),
    C.DISCREPANT: frozenset({C.SCANNING, C.RECONCILED, C.CLOSED_WITH_ACT}),
    C.CLOSED: frozenset({C.PACKED, C.OPEN}),
    C.CLOSED_WITH_ACT: frozenset({C.PACKED, C.OPEN}),
    C.PACKED: frozenset({C.OPEN}),
}
SOURCE_MOVES: Mapping[str, frozenset[str]] = {
    SourceState.RECEIVED: frozenset({SourceState.READ}),
    # A sheet without a picture is read again.
    SourceState.READ: frozenset({SourceState.RECEIVED}),
}
SHEET_MOVES: Mapping[str, frozenset[str]] = {
    # Unread sheets leave the room only with their whole batch.
    S.RECEIVED: frozenset({S.RECOGNISED, S.PROBLEM, S.DISCARDED}),
    # Back to received: its picture is not there, and it is read again from its file.
    S.RECOGNISED: frozenset({S.PROBLEM, S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.PROBLEM: frozenset({S.RECOGNISED, S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.ACCEPTED: frozenset({S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.DISCARDED: frozenset({S.ACCEPTED}),
    S.REPLACED: frozenset({S.ACCEPTED}),
}
RECORDING_MOVES: Mapping[str, frozenset[str]] = {
    R.RECEIVED: frozenset({R.READ, R.PROBLEM}),
    # A journal that comes or grows later may speak against a recording that was found good.
    R.READ: frozenset({R.DISCARDED, R.ACCEPTED, R.PROBLEM}),
    R.PROBLEM: frozenset({R.ACCEPTED, R.DISCARDED}),
    R.ACCEPTED: frozenset({R.DISCARDED}),
    R.DISCARDED: frozenset({R.ACCEPTED}),
}

BATCH_MOVES: Mapping[str, frozenset[str]] = {
    B.OPEN: frozenset({B.PAUSED, B.DELETED}),
    B.PAUSED: frozenset({B.OPEN, B.DELETED}),
}
SCAN_MOVES: Mapping[str, frozenset[str]] = {
    J.WAITING: frozenset({J.SCANNING, J.CANCELLED, J.FAILED}),
    J.SCANNING: frozenset({J.DONE, J.FAILED, J.CANCELLED}),
}
FOLDER_MOVES: Mapping[str, frozenset[str]] = {
    FolderState.WATCHED: frozenset({FolderState.ENDED}),
    FolderState.ENDED: frozenset({FolderState.WATCHED}),
}


def backwards(table: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Return the table read from its ends: the ways an undone decision may lead."""
    ends = {end for each in table.values() for end in each}
    return {end: frozenset(start for start, to in table.items() if end in to) for end in ends}


#: The only ways back: an undone decision returns the row to what it was before.
SHEET_UNDO = backwards(SHEET_MOVES)
RECORDING_UNDO = backwards(RECORDING_MOVES)
SOURCE_UNDO = backwards(SOURCE_MOVES)
BATCH_UNDO = backwards(BATCH_MOVES)

EVENT_KINDS: dict[str, str | Promise] = {
    "scanning.card_state": _("Аудитория сменила состояние"),
    "scanning.card_saved": _("Заполнена карточка аудитории"),
    "scanning.card_closed": _("Аудитория закрыта"),
    "scanning.card_closed_with_act": _("Аудитория закрыта с актом"),
    "scanning.card_reopened": _("Аудитория открыта снова"),
    "scanning.card_packed": _("Аудитория упакована"),
    "scanning.source_taken": _("Принят файл сканов"),
    "scanning.source_read": _("Файл сканов прочитан"),
    "scanning.sheet_read": _("Лист прочитан"),
    "scanning.sheet_decided": _("Принято решение по листу"),
    "scanning.sheet_read_again": _("Лист читается снова"),
    "scanning.sheet_moved": _("Лист перенесён в другую аудиторию"),
    "scanning.sheet_replaced": _("Лист заменён новым сканом"),
    "scanning.recording_taken": _("Принят аудиофайл"),
    "scanning.recording_read": _("Аудиофайл прослушан"),
    "scanning.recording_decided": _("Принято решение по аудиофайлу"),
    "scanning.undone": _("Последнее решение отменено"),
    "scanning.batch_state": _("Пачка сменила состояние"),
    "scanning.scan_asked": _("Начато сканирование со страницы"),
    "scanning.scan_state": _("Проход сканера сменил состояние"),
    "scanning.folder_state": _("Папка сканера подключена или отключена"),
    "scanning.file_refused": _("Файл из папки сканера не принят"),
    "scanning.readiness": _("Проверена готовность станции"),
    "scanning.end_scan_formed": _("Сформирован журнал сканирования"),
}

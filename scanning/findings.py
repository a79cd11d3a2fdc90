"""What each finding means to the person at the desk: the cause, and what to do with the paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanning.models import Finding, Recording, Sheet

Words = str | Promise


@dataclass(frozen=True)
class Meaning:
    """One kind of finding in words."""

    cause: Words
    cure: Words


MEANINGS: dict[str, Meaning] = {
    "unreadable": Meaning(
        _("Код листа не читается"),
        _("Найдите лист в пачке. Отсканируйте его ещё раз или введите номер, напечатанный под штрихкодом."),
    ),
    "foreign_code": Meaning(
        _("На листе чужой код: это не бланк экзамена"),
        _("Уберите лист из пачки и исключите его с указанием причины."),
    ),
    "codes_differ": Meaning(
        _("Коды на листе противоречат друг другу"),
        _("Проверьте, не склеились ли два листа. Отсканируйте каждый отдельно, этот снимок исключите."),
    ),
    "code_misplaced": Meaning(
        _("Номер стоит не на своём месте бланка: возможно, это наклейка или другой лист на стекле"),
        _("Сверьте с бумагой. Отсканируйте лист отдельно ещё раз или введите номер, напечатанный под штрихкодом."),
    ),
    "mirrored": Meaning(
        _("Изображение зеркальное: это оборот с просвечивающей печатью, или сканер отражает изображение"),
        _(
            "Если это пустой оборот, исключите снимок с указанием причины. Если это лицевая сторона, отключите "
            "отражение в сканере и отсканируйте лист заново."
        ),
    ),
    "negative": Meaning(
        _("Изображение было негативом: белое по чёрному"),
        _(
            "Здесь оно обращено. Отключите негатив в сканере и отсканируйте лист заново; если всё видно, подтвердите "
            "номер."
        ),
    ),
    "picture_damaged": Meaning(
        _("Изображение повреждено: часть листа не видна или сдвинута"),
        _("Сравните снимок с бумагой и отсканируйте лист заново. Номер подтвердите, только если лист виден целиком."),
    ),
    "pale_writing": Meaning(
        _("Записи бледные: в чёрно-белом изображении они исчезли бы"),
        _(
            "Сохранено серое изображение. Если записи на нём видны, подтвердите номер: в РЦОИ уйдёт оно; если нет, "
            "отсканируйте лист темнее."
        ),
    ),
    "empty_page": Meaning(
        _("Пустая страница"),
        _("Если это оборот листа, исключите страницу. Если лист лёг обратной стороной, отсканируйте его заново."),
    ),
    "corner_missing": Meaning(
        _("Не виден угол листа: загнут или срезан"), _("Расправьте углы; если текст обрезан, отсканируйте лист заново.")
    ),
    "low_resolution": Meaning(
        _("Низкое разрешение"), _("Установите в сканере 300 точек на дюйм и отсканируйте лист заново.")
    ),
    "skewed": Meaning(_("Лист прошёл с перекосом"), _("Поправьте направляющие сканера.")),
    "double_feed": Meaning(
        _("Страница длиннее А4: возможно, прошли два листа сразу"),
        _("Проверьте пачку и отсканируйте листы по одному."),
    ),
    "upside_down": Meaning(_("Лист лежал вверх ногами"), _("Изображение повёрнуто, делать ничего не нужно.")),
    "turned": Meaning(_("Лист лежал боком"), _("Изображение повёрнуто, делать ничего не нужно.")),
    "side_unknown": Meaning(_("Не видно, где верх листа"), _("Посмотрите на снимок; нужен ли повторный скан.")),
    "streaks": Meaning(_("Полосы по всей странице"), _("Протрите стекло сканера и отсканируйте лист заново.")),
    "unsure_cells": Meaning(
        _("Не все клетки формы прочитаны уверенно"),
        _("Прочитайте отмеченные клетки сами и сравните с карточками аудиторий."),
    ),
    "blank": Meaning(_("В поле ответа нет записей"), _("Пустые бланки тоже сканируются; делать ничего не нужно.")),
    "decoder_stopped": Meaning(
        _("Страница файла не читается"), _("Отсканируйте лист заново, этот снимок исключите с указанием причины.")
    ),
    "passing_trouble": Meaning(
        _("Чтение листа несколько раз прервалось"),
        _("Нажмите «Прочитать снова»; если не поможет, отсканируйте лист заново, а этот снимок исключите."),
    ),
    "disk_wanting": Meaning(
        _("На диске узла не было места для изображения"), _("Освободите место: чтение продолжится само.")
    ),
    "damaged_file": Meaning(
        _("Страница файла повреждена"), _("Отсканируйте лист заново, этот снимок исключите с указанием причины.")
    ),
    "too_many_pixels": Meaning(_("Страница заявлена слишком большой"), _("Отсканируйте лист заново: А4, 300 dpi.")),
    "wrong_depth": Meaning(_("Неподходящая глубина цвета"), _("Настройте сканер: чёрно-белое, 300 dpi.")),
    "silent": Meaning(
        _("В записи нет речи"), _("Прослушайте. Выгрузите запись со станции заново или примите с указанием причины.")
    ),
    "long_silence": Meaning(_("Долгая тишина в записи"), _("Прослушайте запись.")),
    "clipping": Meaning(_("Звук перегружен"), _("Прослушайте запись.")),
    "cut": Meaning(
        _("Запись обрывается: файл не до конца"),
        _("Скопируйте файл со станции записи заново; этот исключите. Если другого нет, примите с указанием причины."),
    ),
    "damaged": Meaning(_("Запись повреждена"), _("Скопируйте файл со станции записи заново.")),
    "too_long": Meaning(_("Запись слишком длинная"), _("Проверьте, та ли это запись.")),
    "wrong_container": Meaning(_("Расширение файла не соответствует содержимому"), _("Проверьте, тот ли это файл.")),
    "not_a_recording": Meaning(_("В файле нет звука"), _("Скопируйте файл со станции записи заново.")),
    "length_differs": Meaning(
        _("Длительность не та, что в журнале станции"), _("Скопируйте файл со станции записи заново или прослушайте.")
    ),
    "hash_differs": Meaning(
        _("Файл не тот, что записан в журнале станции"), _("Скопируйте файл со станции записи заново.")
    ),
    "not_in_journal": Meaning(
        _("Такой записи нет в журналах станций записи"), _("Проверьте, той ли аудитории запись.")
    ),
}
_UNKNOWN = Meaning(_("Замечание"), _("Посмотрите на лист."))


def meaning(kind: str) -> Meaning:
    """Return the words for a kind of finding."""
    return MEANINGS.get(kind, _UNKNOWN)


def store(doubts: Iterable[dict[str, Any]], *, sheet: Sheet | None = None, recording: Recording | None = None) -> bool:
    """Replace the findings of a sheet or recording; return whether any of them needs a decision."""
    Finding.objects.filter(sheet=sheet, recording=recording).delete()
    return add(doubts, sheet=sheet, recording=recording)


def add(doubts: Iterable[dict[str, Any]], *, sheet: Sheet | None = None, recording: Recording | None = None) -> bool:
    """Add findings to a sheet or recording; return whether any of them needs a decision."""
    rows = [
        Finding(
            sheet=sheet, recording=recording, kind=doubt["kind"], severity=doubt["severity"],
            place=doubt.get("place"), value=str(doubt.get("value", ""))[:300],
            value_en=str(doubt.get("value_en", ""))[:300], limit=str(doubt.get("limit", ""))[:100],
        )
        for doubt in doubts
    ]  # fmt: skip
    Finding.objects.bulk_create(rows)
    return any(row.severity == Finding.Severity.PROBLEM for row in rows)

"""Why a file cannot become pages or a recording."""

from wire.errors import Refusal


class FileRefused(Refusal):
    """A received file is not what the scanning desk can take."""

    code = "file_refused"


class EmptyFile(FileRefused):
    """Zero bytes."""

    code = "empty_file"

    def __init__(self) -> None:
        super().__init__(
            "Файл пустой: в нём нет ни одного байта.",
            "The file is empty.",
            cure_ru="Сохраните файл ещё раз и загрузите снова.",
            cure_en="Save the file again and upload it.",
        )


class UnknownFormat(FileRefused):
    """Not an image of a kind we read, whatever its name says."""

    code = "unknown_format"

    def __init__(self) -> None:
        super().__init__(
            "Это не изображение листа: читаются TIFF, PDF, JPEG и PNG.",
            "Not a picture of a sheet: TIFF, PDF, JPEG and PNG are read.",
            cure_ru="Сохраните листы на станции сканирования в TIFF и загрузите их.",
            cure_en="Save the sheets as TIFF and upload them.",
        )


class TooManyPixels(FileRefused):
    """A page that claims more pixels than a sheet of paper can have."""

    code = "too_many_pixels"

    def __init__(self, width: int, height: int, limit: int) -> None:
        super().__init__(
            f"Страница заявлена размером {width}×{height} точек; больше {limit // 1_000_000} Мпикс не читается.",
            f"A page claims {width}×{height} pixels; more than {limit // 1_000_000} megapixels are not read.",
            cure_ru="Отсканируйте лист заново: А4, 300 точек на дюйм.",
            cure_en="Scan the sheet again: A4, 300 dpi.",
        )


class TooManyPages(FileRefused):
    """A file with more pages than a feeder's batch."""

    code = "too_many_pages"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"В файле больше {limit} страниц.",
            f"The file has more than {limit} pages.",
            cure_ru="Разделите пачку на несколько файлов.",
            cure_en="Split the batch into several files.",
        )


class WrongDepth(FileRefused):
    """Pixels of a depth that no scanner of an exam point writes."""

    code = "wrong_depth"

    def __init__(self, found: str) -> None:
        super().__init__(
            f"Глубина цвета {found} не читается: нужна чёрно-белая (1 бит) или 8 бит на канал.",
            f"Depth {found} is not read: 1 bit or 8 bits a channel are.",
            cure_ru="Настройте сканер: чёрно-белое изображение, 300 точек на дюйм.",
            cure_en="Set the scanner to black-and-white, 300 dpi.",
        )


class DamagedFile(FileRefused):
    """The file breaks off or its structure is wrong."""

    code = "damaged_file"

    def __init__(self, page: int | None = None) -> None:
        where_ru = "Файл повреждён" if page is None else f"Страница {page + 1} файла повреждена"
        where_en = "The file is damaged" if page is None else f"Page {page + 1} of the file is damaged"
        super().__init__(
            f"{where_ru} или записан не до конца.",
            f"{where_en} or cut short.",
            cure_ru="Скопируйте файл заново или отсканируйте лист ещё раз.",
            cure_en="Copy the file again or scan the sheet again.",
        )


class NotARecording(FileRefused):
    """No decoder finds sound in it."""

    code = "not_a_recording"

    def __init__(self) -> None:
        super().__init__(
            "В файле нет звука, который можно прочитать.",
            "The file holds no sound that can be read.",
            cure_ru="Экспортируйте аудиоответы со станции записи ещё раз.",
            cure_en="Export the answers from the recording station again.",
        )


class DecoderStopped(FileRefused):
    """The decoding process had to be ended: too slow, too big, or it fell."""

    code = "decoder_stopped"
    permanent = False

    def __init__(self, ru: str, en: str) -> None:
        super().__init__(
            ru,
            en,
            cure_ru="Посмотрите лист сами; если он не открывается, отсканируйте его заново.",
            cure_en="Look at the sheet yourself; if it does not open, scan it again.",
        )


class PassingTrouble(DecoderStopped):
    """The machine, not the file, stood in the way: a full disk, too little memory, a child that died.

    Attributes:
        harmless: Whether it says nothing at all about the file: a full disk. Memory and death may be the file's doing.
    """

    code = "passing_trouble"
    permanent = False
    harmless = False


class DiskWanting(PassingTrouble):
    """The disk did not take the picture of record."""

    code = "disk_wanting"
    harmless = True

    def __init__(self) -> None:
        super().__init__(
            "На диске узла нет места для изображения листа.", "The node's disk has no room for the picture of a sheet."
        )
        self.cure_ru = "Освободите место: чтение продолжится само."
        self.cure_en = "Free some space: reading goes on by itself."

"""What a scanner refuses, each with what to do at the machine."""

from wire.errors import Refusal


class ScannerRefused(Refusal):
    """The scanner cannot do it now; the sheets that came out before are kept."""

    code = "scanner_refused"
    http_status = 409
    permanent = False
    said: tuple[str, str, str, str] = ("", "", "", "")

    def __init__(self, detail: str = "") -> None:
        ru, en, cure_ru, cure_en = self.said
        more = f" ({detail})" if detail else ""
        super().__init__(f"{ru}{more}.", f"{en}{more}.", cure_ru=cure_ru, cure_en=cure_en)


class ScannerSoftwareMissing(ScannerRefused):
    """SANE is not on this machine."""

    code = "scanner_software_missing"
    said = (
        "На узле нет программы scanimage",
        "There is no scanimage on the node",
        "Установите пакет sane-utils или загрузите файлы из программы сканера.",
        "Install the package sane-utils, or upload the files of the scanner's own software.",
    )


class NoScanner(ScannerRefused):
    """No device answers."""

    code = "no_scanner"
    said = (
        "Сканер не найден",
        "No scanner was found",
        "Проверьте питание и кабель сканера, затем нажмите «Найти сканеры».",
        "Check the scanner's power and cable, then look for scanners again.",
    )


class ScannerBusy(ScannerRefused):
    """Somebody scans with it already."""

    code = "scanner_busy"
    said = (
        "Сканер занят",
        "The scanner is busy",
        "Дождитесь конца прохода или остановите его в той аудитории.",
        "Wait for the end of that pass, or stop it in its room.",
    )


class PresetUnavailable(ScannerRefused):
    """The device cannot do what the preset asks."""

    code = "preset_unavailable"
    said = (
        "Сканер не умеет того, что требует настройка",
        "The scanner cannot do what the preset asks for",
        "Выберите другую настройку: с одной стороны или со стекла.",
        "Choose another preset: one side, or the glass.",
    )


class PaperJam(ScannerRefused):
    """Paper is stuck."""

    code = "paper_jam"
    said = (
        "Бумага застряла в сканере",
        "The paper is jammed",
        "Выньте лист, расправьте и положите в лоток вместе с остальными. Принятые листы сканировать снова не нужно.",
        "Take the sheet out, smooth it and put it back with the rest. Sheets already taken need no second pass.",
    )


class FeederEmpty(ScannerRefused):
    """There is no paper in the feeder."""

    code = "feeder_empty"
    said = (
        "В лотке нет бумаги",
        "The feeder is empty",
        "Положите листы аудитории в лоток и нажмите «Сканировать».",
        "Put the room's sheets in and scan.",
    )


class CoverOpen(ScannerRefused):
    """The cover is open."""

    code = "cover_open"
    said = (
        "Крышка сканера открыта",
        "The cover is open",
        "Закройте крышку, верните незаконченный лист в лоток и нажмите «Сканировать».",
        "Close the cover, put the unfinished sheet back and scan.",
    )


class ScannerDenied(ScannerRefused):
    """The node may not use the device."""

    code = "scanner_denied"
    said = (
        "Узлу не разрешён доступ к сканеру",
        "The node may not use the scanner",
        "Добавьте пользователя узла в группу scanner и запустите узел заново.",
        "Add the node's user to the group scanner and start the node again.",
    )


class ScannerFailed(ScannerRefused):
    """The device or its driver failed."""

    code = "scanner_failed"
    said = (
        "Сканер сообщил об ошибке",
        "The scanner reported an error",
        "Выключите и включите сканер. Принятые листы остались; продолжайте со следующего.",
        "Switch the scanner off and on. What was taken stays; go on with the next sheet.",
    )


class ScannerSilent(ScannerRefused):
    """Nothing came for too long."""

    code = "scanner_silent"
    said = (
        "Сканер долго не отвечает",
        "The scanner has been silent for too long",
        "Проверьте сканер и лоток, затем нажмите «Сканировать» снова.",
        "Look at the scanner and the feeder, then scan again.",
    )


class PassBrokenOff(ScannerRefused):
    """The pass ended with its worker or its scanimage."""

    code = "scan_broken_off"
    said = (
        "Проход прервался",
        "The pass broke off",
        "Сверьте последний принятый лист с бумагой, положите остальные в лоток и сканируйте.",
        "Compare the last sheet taken with the paper, put the rest into the feeder and scan.",
    )


class NotScanning(ScannerRefused):
    """There is no such pass to stop."""

    code = "not_scanning"
    said = ("Этот проход уже закончен", "This pass has ended already", "", "")

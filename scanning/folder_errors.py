"""Why a folder cannot be watched for a room."""

from wire.errors import Refusal


class FolderNotAllowed(Refusal):
    """It lies outside the folders that the node may watch."""

    code = "folder_not_allowed"
    http_status = 403

    def __init__(self, path: str) -> None:
        super().__init__(
            f"Папку «{path}» узел не наблюдает.",
            f"The node does not watch the folder “{path}”.",
            cure_ru="Выберите папку из списка. Разрешённые папки задаёт переменная PPE_SCAN_DIRS узла.",
            cure_en="Choose one of the list. The variable PPE_SCAN_DIRS of the node names what is allowed.",
        )


class FolderMissing(Refusal):
    """It is not there, or the node may not write in it."""

    code = "folder_missing"
    http_status = 404
    permanent = False

    def __init__(self, path: str) -> None:
        super().__init__(
            f"Папки «{path}» нет, или узел не может переносить из неё файлы.",
            f"The folder “{path}” is not there, or the node cannot move files in it.",
            cure_ru="Проверьте, подключён ли диск, и права на папку.",
            cure_en="Check the drive and the permissions.",
        )


class FolderBusy(Refusal):
    """Files of another room still wait in it."""

    code = "folder_busy"
    http_status = 409
    permanent = False

    def __init__(self, room: str, files: int) -> None:
        super().__init__(
            f"В папке ещё лежат файлы аудитории {room}: {files}.",
            f"{files} files of room {room} still lie in it.",
            cure_ru="Подождите, пока они будут приняты, и подключите папку снова.",
            cure_en="Wait until they are taken, then try again.",
        )

"""Why a folder cannot be watched for a room."""

from wire.errors import Refusal
from wire.messages import Message


class FolderNotAllowed(Refusal):
    """It lies outside the folders that the node may watch."""

    code = "folder_not_allowed"
    http_status = 403

    def __init__(self, path: str) -> None:
        super().__init__(
            Message("The node does not watch the folder “{path}”.", path=path),
            remedy=Message("Choose one of the list. The variable PPE_SCAN_DIRS of the node names what is allowed."),
        )


class FolderMissing(Refusal):
    """It is not there, or the node may not write in it."""

    code = "folder_missing"
    http_status = 404
    permanent = False

    def __init__(self, path: str) -> None:
        super().__init__(
            Message("The folder “{path}” is not there, or the node cannot move files in it.", path=path),
            remedy=Message("Check the drive and the permissions."),
        )


class FolderBusy(Refusal):
    """Files of another room still wait in it."""

    code = "folder_busy"
    http_status = 409
    permanent = False

    def __init__(self, room: str, files: int) -> None:
        super().__init__(
            Message("{files} files of room {room} still lie in it.", files=files, room=room),
            remedy=Message("Wait until they are taken, then try again."),
        )

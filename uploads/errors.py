"""Why an upload is refused."""

from wire.errors import PpeError


class UploadError(PpeError):
    """A request of the upload protocol that cannot be followed."""

    code = "upload_refused"
    retry_after: int | None = None


class BadHeaderError(UploadError):
    """A header of the upload protocol is missing or malformed."""

    code = "bad_header"


class NotLoggedInError(UploadError):
    """The machine has no session."""

    code = "not_authenticated"
    http_status = 401
    permanent = False


class MethodNotAllowedError(UploadError):
    """The address takes no such method."""

    code = "method_not_allowed"
    http_status = 405


class WrongProtocolVersionError(UploadError):
    """The client speaks another version of tus."""

    code = "wrong_tus_version"
    http_status = 412


class WrongMediaTypeError(UploadError):
    """The body is not offset+octet-stream."""

    code = "wrong_media_type"
    http_status = 415


class LengthRequiredError(UploadError):
    """The request does not say how long its body is."""

    code = "length_required"
    http_status = 411


class UnknownPurposeError(UploadError):
    """Nothing on this node takes files of that purpose."""

    code = "unknown_purpose"


class NotForThisMachineError(UploadError):
    """The machine's role does not send files of that purpose."""

    code = "not_for_this_machine"
    http_status = 403


class UploadUnknownError(UploadError):
    """There is no such upload, or it belongs to another machine."""

    code = "upload_unknown"
    http_status = 404


class UploadGoneError(UploadError):
    """The upload was ended or has expired."""

    code = "upload_gone"
    http_status = 410


class UploadCompleteError(UploadError):
    """The upload is whole; it is not taken back."""

    code = "upload_complete"
    http_status = 409


class WrongOffsetError(UploadError):
    """The client goes on from another byte than the one that is durable here."""

    code = "wrong_offset"
    http_status = 409
    permanent = False


class UploadBusyError(UploadError):
    """Another request is writing this upload."""

    code = "upload_busy"
    http_status = 423
    permanent = False
    retry_after = 1


class BodyStalledError(UploadError):
    """The body stopped coming, or a newer request of the same client took over."""

    code = "body_stalled"
    http_status = 408
    permanent = False


class ChecksumMismatchError(UploadError):
    """The bytes of the request are not those whose checksum it names."""

    code = "checksum_mismatch"
    http_status = 460
    permanent = False


class UnknownChecksumError(UploadError):
    """The checksum algorithm is not one of ours."""

    code = "unknown_checksum"


class TooLargeError(UploadError):
    """The file, or the request, is larger than allowed."""

    code = "too_large"
    http_status = 413


class NoDiskRoomError(UploadError):
    """The disk or the machine's quota has no room for the file."""

    code = "no_room"
    http_status = 507
    permanent = False
    retry_after = 60


class UploadDamagedError(UploadError):
    """The stored file is shorter than what was promised; the upload must start again."""

    code = "upload_damaged"
    http_status = 410


class ContentMismatchError(UploadError):
    """The whole file is not the one whose SHA-256 the sender named."""

    code = "content_mismatch"
    http_status = 422

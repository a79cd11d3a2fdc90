"""The uploads in the OpenAPI document: tus is spoken below the framework that writes the rest of it."""

from typing import Any

_TAG = ["uploads"]
_MACHINE: list[dict[str, list[str]]] = [{"machine": []}]
_VERSION = {
    "name": "Tus-Resumable",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "enum": ["1.0.0"]},
}
_CHECKSUM = {
    "name": "Upload-Checksum",
    "in": "header",
    "description": "sha256 (or sha1) and base64 of the digest of this body; nothing counts before it is proven.",
    "schema": {"type": "string"},
}
_UID = {
    "name": "uid",
    "in": "path",
    "required": True,
    "description": "The last part of Location.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
_BODY = {"content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_REFUSALS = {
    "400": "A header is missing or malformed",
    "401": "No session",
    "403": "Not for this machine",
    "404": "No such upload of this machine",
    "405": "Another method",
    "408": "The body stopped coming; what came is kept: HEAD, then go on",
    "409": "Another byte is due: HEAD, then go on; or the file is whole already",
    "410": "The upload is gone: begin again",
    "411": "A server that does not read bodies in chunks wants a length",
    "412": "Another version of tus",
    "413": "Too large",
    "415": "Another media type, or a compressed body",
    "423": "Another request is writing: after Retry-After, HEAD, then go on",
    "460": "The checksum does not match; the piece was dropped",
}
_EXAMPLE = {
    "uid": "0" * 32,
    "purpose": "journal",
    "state": "handled",
    "offset": 20480,
    "length": 20480,
    "sha256": "…",
    "finished": True,
    "result": {"state": "accepted", "line": "END_PRINT_….dat: …"},
    "problem": None,
}
_TOLD = {
    "type": "object",
    "required": ["uid", "purpose", "state", "offset", "length", "sha256", "finished", "result", "problem"],
    "properties": {
        "uid": {"type": "string"},
        "purpose": {"type": "string"},
        "state": {"type": "string", "enum": ["receiving", "complete", "handled", "refused"]},
        "offset": {"type": "integer"},
        "length": {"type": "integer"},
        "sha256": {"type": "string"},
        "finished": {"type": "boolean", "description": "The state does not change any more."},
        "result": {"type": "object", "nullable": True, "description": "What the room that took the file says."},
        "problem": {"type": "object", "nullable": True, "description": "Why it was refused: problem details."},
    },
}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


_OFFSET = {
    "Tus-Resumable": _header("1.0.0"),
    "Upload-Offset": _header("How many bytes are durable here."),
    "Upload-State": _header("receiving; complete: whole, not looked at yet; handled; refused: see GET."),
    "Upload-Expires": _header("When an unfinished upload is forgotten."),
}


def _operation(name: str, description: str, answers: dict[str, Any], refusals: str, **more: Any) -> dict[str, Any]:
    said = {status: {"description": f"{_REFUSALS[status]}: problem details"} for status in refusals.split()}
    return {
        "operationId": name,
        "description": description,
        "tags": _TAG,
        "security": _MACHINE,
        "responses": {**answers, **said},
        **more,
    }


def paths() -> dict[str, Any]:
    """Return the addresses of the uploads as the document lists them."""
    return {
        "/api/v1/uploads/": {
            "options": _operation(
                "uploads_can",
                "What the server can: versions, extensions, checksums, the greatest file, in its headers.",
                {"204": {"description": "See Tus-Version, Tus-Extension, Tus-Checksum-Algorithm, Tus-Max-Size."}},
                "405",
                security=[{}],
            ),
            "post": _operation(
                "uploads_begin",
                "Begin an upload; with a body, its first bytes. Upload-Metadata holds pairs of a name and base64 of "
                "UTF-8: `purpose` (`journal`, `sheets`, `recording` at a point, `packet` at the centre), `filename`, "
                "and where wanted `sha256`, `sitting`, `room`.",
                {
                    "201": {
                        "description": "Begun; what of the body was kept is told by Upload-Offset.",
                        "headers": {"Location": _header("The address of the upload."), **_OFFSET},
                    }
                },
                "400 403 411 412 413 415",
                parameters=[
                    _VERSION,
                    {
                        "name": "Upload-Length",
                        "in": "header",
                        "required": True,
                        "description": "Bytes of the whole file; a deferred length is not taken.",
                        "schema": {"type": "integer", "minimum": 0},
                    },
                    {
                        "name": "Upload-Metadata",
                        "in": "header",
                        "required": True,
                        "description": "purpose am91cm5hbA==,filename RU5EX1BSSU5ULmRhdA==",
                        "schema": {"type": "string", "maxLength": 8192},
                    },
                    _CHECKSUM,
                ],
                requestBody=_BODY,
            ),
        },
        "/api/v1/uploads/{uid}/": {
            "head": _operation(
                "uploads_ask",
                "Where the node stands.",
                {"200": {"description": "See the headers.", "headers": {**_OFFSET, "Upload-Length": _header("All.")}}},
                "404 410 412 423",
                parameters=[_UID, _VERSION],
            ),
            "patch": _operation(
                "uploads_go_on",
                "Send the next bytes, from Upload-Offset on. A body that was cut is kept as far as it came. The piece "
                "that makes the file whole is answered with 204 also when the file is refused for what stands in it "
                "(`Upload-State: refused`): why is told by GET.",
                {"204": {"description": "Kept.", "headers": _OFFSET}},
                "400 404 408 409 410 411 412 413 415 423 460",
                parameters=[
                    _UID,
                    _VERSION,
                    {
                        "name": "Upload-Offset",
                        "in": "header",
                        "required": True,
                        "schema": {"type": "integer", "minimum": 0},
                    },
                    _CHECKSUM,
                ],
                requestBody=_BODY,
            ),
            "get": _operation(
                "uploads_state",
                "What became of the file, once it is whole.",
                {
                    "200": {
                        "description": "The upload.",
                        "content": {"application/json": {"schema": _TOLD, "example": _EXAMPLE}},
                    }
                },
                "404 410",
                parameters=[_UID],
            ),
            "delete": _operation(
                "uploads_end",
                "End an unfinished upload.",
                {"204": {"description": "Gone."}},
                "404 409 410 412 423",
                parameters=[_UID, _VERSION],
            ),
        },
    }

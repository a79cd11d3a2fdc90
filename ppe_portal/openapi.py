"""What every address of the API has in common: errors are problem details (RFC 9457) with a code and two languages."""

from typing import Any

from common.errors import BusyError, problem
from ppe_portal import errors
from uploads import openapi as uploads
from wire.errors import PpeError

_TEXT = {"type": "string"}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "detail", "detail_ru", "permanent", "errors"],
    "properties": {
        "type": {"type": "string", "description": "urn:ppe:problem: and the code."},
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; programs go by it."},
        "detail": {"type": "string", "description": "English."},
        "detail_ru": {"type": "string", "description": "Russian."},
        "cure": {"type": "string", "description": "What to do next, English."},
        "cure_ru": {"type": "string", "description": "What to do next, Russian."},
        "permanent": {"type": "boolean", "description": "False: the same request may succeed later (Retry-After)."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {
                    "field": _TEXT,
                    "found": _TEXT,
                    "expected": _TEXT,
                    "detail": _TEXT,
                    "detail_ru": _TEXT,
                },
            },
        },
    },
}
_AGAIN = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
#: What any address may answer, and what is the matter then.
_ALWAYS: dict[str, tuple[str, PpeError | None]] = {
    "400": ("The request is malformed", None),
    "404": ("No such address or object", None),
    "415": ("Another media type, or a compressed body (encoded_body)", None),
    "429": ("Too many bodies at once; nothing was read. Repeat after Retry-After seconds", None),
    "500": ("A fault of the program; nothing was done", errors.ProgramError()),
    "503": ("The node is busy; nothing was done. Repeat after Retry-After seconds", BusyError()),
    "507": ("The disk of the node has no room; nothing was done", errors.DiskFullError()),
}
_MACHINES = {"401": "No session: problem details", "403": "Not for this machine: problem details"}
#: What stands at the head of the document.
DESCRIPTION = """\
The addresses for machines. How a station is written, step by step: `docs/own-station.md` of the source.

**What is signed, and how.** A machine logs in with CMS SignedData (RFC 5652, DER, base64) over the line
`ppe-session/1`, a line feed, and the challenge with nothing behind it. The content and the machine's certificate are in
the message, the digest is SHA-256, the key EC P-256 (ECDSA) or RSA of at least 3072 bits (PKCS#1 v1.5), and the signed
attributes hold content type, message digest and signing time. Journals are signed in the same way.

**What is enveloped, and how.** CMS AuthEnvelopedData (RFC 5083), AES-256-GCM, tag of 16 bytes. To an EC certificate:
ECDH with the derivation `dhSinglePass-stdDH-sha256kdf-scheme` and AES-256 key wrap (OpenSSL:
`-keyopt ecdh_kdf_md:sha256`); to an RSA certificate: OAEP with SHA-256.

**Refusals** are problem details (RFC 9457) with a `code` that stays. `permanent: false` and `Retry-After`: the same
request may succeed later. Bodies come with a length or in chunks, never compressed.
"""


def with_problems(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Add the uploads, and give every error of the document its body."""
    result["info"]["description"] = DESCRIPTION
    result["paths"].update(uploads.paths())
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            _complete(operation)
    return result


def _complete(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    for status, (words, _refusal) in _ALWAYS.items():
        answers.setdefault(status, {"description": f"{words}: problem details"})
    if any(operation.get("security", ())):
        for status, words in _MACHINES.items():
            answers.setdefault(status, {"description": words})
    for status, answer in answers.items():
        if int(status) >= 400 and "content" not in answer:
            answer["content"] = {"application/problem+json": _body(status)}
            if status in ("429", "500", "503", "507"):
                answer["headers"] = _AGAIN


def _body(status: str) -> dict[str, Any]:
    refusal = _ALWAYS.get(status, ("", None))[1]
    shown = {"example": problem(refusal)} if refusal is not None else {}
    return {"schema": {"$ref": "#/components/schemas/Problem"}, **shown}

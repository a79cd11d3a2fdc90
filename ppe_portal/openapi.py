"""What every address of the API has in common: errors are problem details (RFC 9457) with a code and two languages."""

from typing import Any

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
_BUSY = {"description": "The node is busy; nothing was done. Repeat after Retry-After seconds: problem details"}


_MACHINES = {"401": "No session: problem details", "403": "Not for this machine: problem details"}


def with_problems(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Give every error of the document its body."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("503", dict(_BUSY))
            if any(operation.get("security", ())):
                for status, words in _MACHINES.items():
                    operation["responses"].setdefault(status, {"description": words})
            for status, response in operation["responses"].items():
                if int(status) >= 400 and "content" not in response:
                    response["content"] = {"application/problem+json": _body(int(status))}
    return result


def _body(status: int) -> dict[str, Any]:
    example = {
        "type": "urn:ppe:problem:busy",
        "title": "The node is busy: the request was not done.",
        "status": status,
        "code": "busy",
        "detail": "The node is busy: the request was not done.",
        "detail_ru": "Узел занят: запрос не выполнен.",
        "cure": "Repeat in a few seconds.",
        "cure_ru": "Повторите через несколько секунд.",
        "permanent": False,
        "errors": [],
    }
    shown = {"example": example} if status == 503 else {}
    return {"schema": {"$ref": "#/components/schemas/Problem"}, **shown}

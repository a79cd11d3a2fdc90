"""Error pages that say what to do next; problem details below ``/api/``."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.refusals import problem
from wire.refusals import Refusal


class NoSuchAddress(Refusal):
    """Nothing lives at this address, or not for this person."""

    code, http_status = "not_found", 404


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        refusal = NoSuchAddress(text, title)
        body = {
            **problem(refusal),
            "status": status,
            "code": {404: "not_found", 400: "bad_request"}.get(status, "error"),
        }
        return JsonResponse(body, status=status, content_type="application/problem+json")
    return render(request, "portal/error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _answer(request, 400, _("Запрос составлен неверно"), _("Вернитесь на страницу и повторите действие."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _answer(
        request, 403, _("Нет доступа"), _("Это действие вам не разрешено. Войдите под своей учётной записью.")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _answer(request, 404, _("Такой страницы нет"), _("Адрес неверен, или эти данные не относятся к вашему ППЭ."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500; nothing is half done: every change is one transaction."""
    return _answer(
        request,
        500,
        _("Ошибка программы"),
        _("Действие не выполнено, данные не изменены. Повторите; если не поможет, сообщите в РЦОИ время ошибки."),
    )

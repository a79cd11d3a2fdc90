"""The guides of docs/guides as pages of the portal: one text for the repository and for the person at the desk."""

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from markdown_it import MarkdownIt

from common.web.pages import page, render
from stations.models import Role, User

FOLDER = Path(settings.BASE_DIR) / "docs" / "guides"
#: The guides of each kind of node, in the order of the list.
GUIDES = {"hq": ("technician", "gek", "head", "trouble"), "rcoi": ("centre", "trouble")}
OWN = {Role.GEK_MEMBER: "gek", Role.POINT_HEAD: "head"}
# Raw HTML stays off: a guide is text, whoever edits it.
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


def guide(name: str, language: str) -> str:
    """Return the Markdown text of a guide in ``language`` (Russian where there is no other).

    Raises:
        FileNotFoundError: This node has no such guide.
    """
    if name not in GUIDES[settings.PPE_NODE]:
        raise FileNotFoundError(name)
    return (FOLDER / ("en" if language.startswith("en") else "ru") / f"{name}.md").read_text()


def html(text: str) -> SafeString:
    """Return the text as HTML; its tables in the portal's own look."""
    return SafeString(_markdown.render(text).replace("<table>", '<table class="list">'))


def _heading(text: str) -> str:
    found = re.match(r"# (.+)", text)
    return found[1] if found else ""


def _own(user: User) -> str:
    """Return the guide of a person's own work."""
    here = GUIDES[settings.PPE_NODE]
    roles = {assignment.role for assignment in user.assignments()}
    return next((name for role, name in OWN.items() if role in roles and name in here), here[0])


@page("help/", name="help")
def own_help(request: HttpRequest) -> HttpResponse:
    """Show everybody the guide of their own work."""
    return _show(request, _own(request.user))  # type: ignore[arg-type]


@page("help/<slug:name>/", name="guide")
def named_help(request: HttpRequest, name: str) -> HttpResponse:
    """Show one guide."""
    return _show(request, name)


def _show(request: HttpRequest, name: str) -> HttpResponse:
    language = get_language() or "ru"
    try:
        text = guide(name, language)
    except FileNotFoundError as missing:
        raise Http404 from missing
    links = [(other, _heading(guide(other, language))) for other in GUIDES[settings.PPE_NODE]]
    title, body = text.split("\n", 1)
    context = {"body": html(body), "guides": links, "name": name}
    return render(request, "portal/guide.html", context, title=title.removeprefix("# "))

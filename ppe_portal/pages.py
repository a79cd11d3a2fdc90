"""The node's own pages: first run, staff, the root."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import page, render
from ppe_portal import first_run
from stations import rules
from stations.lookup import current_sitting
from stations.models import Assignment, Person, Role, User
from stations.people import AccountRefusedError, issue_account
from wire.messages import Message

LOGIN_ROLES = (
    Role.TECHNICAL_SPECIALIST,
    Role.POINT_HEAD,
    Role.GEK_MEMBER,
    Role.RCOI_OPERATOR,
    Role.REGIONAL_COORDINATOR,
    Role.ADMINISTRATOR,
)
PACKAGE_LIMIT = 16 * 1024 * 1024


@page("", name="root")
def root(request: HttpRequest) -> HttpResponseBase:
    """Lead everybody to the page of their day."""
    if settings.PPE_NODE == "rcoi":
        return redirect("centre")
    sitting = current_sitting(request)
    if sitting is None:
        return render(request, "portal/no_sitting.html", title=_("No exams"))
    return redirect("today", key=sitting.point.key)


@page("first-run/", name="first-run", login=False, files=("keys.load",))
def first_run_page(request: HttpRequest) -> HttpResponse:
    """Set the node up; closed for ever once somebody can log in."""
    if first_run.finished():
        return redirect("/")
    node = first_run.this_node()
    template = "portal/first_run_rcoi.html" if settings.PPE_NODE == "rcoi" else "portal/first_run_hq.html"
    people = Person.objects.filter(assignments__role=Role.TECHNICAL_SPECIALIST).distinct()
    title = (
        _("Setting up the regional centre's node")
        if settings.PPE_NODE == "rcoi"
        else _("Setting up the exam point's node")
    )
    return render(
        request, template, {"node": node, "requests": first_run.request_files(), "people": people}, title=title
    )


@first_run_page.post("found")
def found(request: HttpRequest) -> HttpResponseBase:
    """Set up the centre and log its administrator in."""
    said = request.POST
    first_run.check_code(said.get("code", ""))
    user = first_run.found_centre(
        region=said.get("region", ""),
        name=said.get("name", ""),
        username=said.get("username", ""),
        password1=said.get("password1", ""),
        password2=said.get("password2", ""),
    )
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, _("The regional centre's node is set up. Load the registry of the region."))
    return redirect("/")


@first_run_page.post("identify")
def identify(request: HttpRequest) -> str:
    """Name the points of the node."""
    said = request.POST
    first_run.check_code(said.get("code", ""))
    first_run.identify_hq(region=said.get("region", ""), points=said.get("points", ""), station=said.get("station", ""))
    return _("The certificate requests are ready. Take them to the regional centre.")


@first_run_page.post("package")
def package(request: HttpRequest) -> str:
    """Take in exam packages."""
    first_run.check_code(request.POST.get("code", ""))
    lines = []
    for upload in request.FILES.getlist("files"):
        data = upload.read(PACKAGE_LIMIT + 1)
        lines.append(first_run.take_package(data=data, fingerprint=request.POST.get("fingerprint", "")))
    if not lines:
        raise AccountRefusedError(Message("Choose the file of the exam package."))
    return "\n".join(lines)


@first_run_page.post("account")
def first_account(request: HttpRequest) -> HttpResponseBase:
    """Make the first login and use it."""
    said = request.POST
    first_run.check_code(said.get("code", ""))
    user = first_run.first_account(
        person=said.get("person", ""),
        username=said.get("username", ""),
        password1=said.get("password1", ""),
        password2=said.get("password2", ""),
    )
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("/")


@page("first-run/requests.zip", name="first-run-requests", login=False)
def first_run_requests(request: HttpRequest) -> HttpResponse:
    """Return the certificate requests: public keys and names, no secrets."""
    if first_run.finished():
        return HttpResponse(status=404)
    return HttpResponse(
        first_run.request_archive(),
        content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="requests.zip"'},
    )


@page("people/", name="people")
def people(request: HttpRequest) -> HttpResponse:
    """Show the staff with their roles and logins."""
    visible = _people_of(request.user)  # type: ignore[arg-type]
    rows = [
        {
            "person": person,
            "roles": sorted({str(a.get_role_display()) for a in person.assignments.all()}),
            "logins": [user.username for user in person.users.all()],
            "may_login": any(a.role in LOGIN_ROLES for a in person.assignments.all()),
        }
        for person in visible
    ]
    manage = rules.allowed(request.user, "people.manage")
    return render(request, "portal/people.html", {"rows": rows, "manage": manage}, title=_("Staff"))


def _people_of(user: User) -> list[Person]:
    rows = Person.objects.prefetch_related("assignments", "users").order_by("full_name")
    if user.point_keys() is None:
        return list(rows)
    return list(rows.filter(assignments__sitting__point__in=user.points()).distinct())


@people.post("account")
def account(request: HttpRequest) -> str:
    """Issue a login to a person within the scope."""
    said = request.POST
    person = next((p for p in _people_of(request.user) if p.uid == said.get("person")), None)  # type: ignore[arg-type]
    if person is None:
        raise AccountRefusedError(Message("No such person at your point."))
    # A login carries all of the person's duties: whoever issues it must be in charge wherever they serve.
    duties = Assignment.objects.filter(person=person, sitting__isnull=False).select_related("sitting__point")
    for where in [duty.sitting for duty in duties] or [None]:
        rules.require(request.user, "people.manage", where)
    made = issue_account(
        person=person,
        username=said.get("username", ""),
        password=said.get("password1", ""),
        repeated=said.get("password2", ""),
        actor=actor_of(request),
    )
    return _("Login “%(name)s” issued: %(person)s.") % {"name": made.username, "person": person.full_name}

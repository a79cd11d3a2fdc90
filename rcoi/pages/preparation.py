"""Before the day: the registry, certificate requests, exam packages, access keys, the authority's certificate."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.log import actor_of, record
from common import errors as refusals
from common.web.pages import page, render, row_number
from common.work.clock import now
from keys import access, authority, package
from keys.models import AccessKey, Certificate, CertificateQuerySet, ExamPackage, SigningRequest
from keys.states import RequestState
from rcoi import board
from rcoi.answering import keys_feed
from rcoi.day import evaluation
from rcoi.errors import RequestRefusedError
from rcoi.pages.access import file_answer, needs
from stations import registry, rules
from stations.lookup import sitting_or_404
from stations.models import Assignment, ExamPoint, Sitting
from wire import canonical
from wire.errors import PpeError
from wire.messages import Message
from wire.pki import CertificateRole

MAX_REGISTRY = 64 * 1024 * 1024
MAX_REQUEST = 8 * 1024 * 1024
PER_PAGE, PENDING_PER_PAGE = 50, 200


# --- registry ---------------------------------------------------------------------------------------------------------


@page("centre/registry/", name="centre-registry", node="rcoi", files=("rcoi.registry",))
@needs("rcoi.registry")
def registry_page(request: HttpRequest) -> HttpResponse:
    """Show what the registry holds, and take in a new one."""
    user: Any = request.user
    points = user.points().prefetch_related(
        "rooms", "stations", Prefetch("sittings", Sitting.objects.select_related("subject"))
    )
    context = {
        "points": points,
        "people": Assignment.objects.values("person").distinct().count(),
        "sittings": Sitting.objects.visible_to(user).count(),
        "days": board.days_of(user),
    }
    return render(request, "rcoi/registry.html", context, title=_("Registry of the region"))


@registry_page.post("registry")
def take_registry(request: HttpRequest) -> str:
    """Take in registry documents."""
    rules.require(request.user, "rcoi.registry")
    files = _files(request, MAX_REGISTRY)
    with transaction.atomic():
        # All of them or none: a person who reads of a refusal need not ask which of the files counted.
        for name, data in files:
            document = canonical.loads(data)
            if not isinstance(document, dict):
                raise RequestRefusedError(Message("{name} is not a registry.", name=name))
            _own_region(document)
            registry.import_registry(document, actor=actor_of(request))
        # Seats may have changed: what is open about packets that are here gets its place on their pages.
        evaluation.remember(
            Sitting.objects.filter(inbox__isnull=False).distinct().select_related("point__region", "subject")
        )
    return _("Registry loaded: %s.") % ", ".join(name for name, _data in files)


def _own_region(document: dict[str, Any]) -> None:
    said = document.get("region")
    code = said.get("code") if isinstance(said, dict) else None
    if code != authority.authority().region:
        raise RequestRefusedError(
            Message(
                "The registry is of region {region}; this centre is of region {own}.",
                region=code,
                own=authority.authority().region,
            )
        )


def _files(request: HttpRequest, limit: int) -> list[tuple[str, bytes]]:
    """Return the files of a form.

    Raises:
        RequestRefusedError: None was chosen, or one is too big.
    """
    found: list[Any] = request.FILES.getlist("files")
    if not found:
        raise RequestRefusedError(Message("No file was chosen."))
    for each in found:
        if each.size > limit:
            raise RequestRefusedError(Message("{each_name} is too big.", each_name=each.name))
    return [(str(each.name), each.read()) for each in found]


# --- certificate requests ---------------------------------------------------------------------------------------------


@page("centre/requests/", name="centre-requests", node="rcoi", files=("rcoi.requests",))
@needs("rcoi.requests")
def requests_page(request: HttpRequest) -> HttpResponse:
    """Show certificate requests, to be compared before signing, and every certificate issued, to be found again."""
    rows = SigningRequest.objects.visible_to(request.user)
    waiting = rows.filter(state=RequestState.PENDING).order_by("point", "role", "ident", "pk")
    pending = Paginator(waiting, PENDING_PER_PAGE).get_page(request.GET.get("waiting"))
    refused = rows.filter(state=RequestState.REFUSED).order_by("-decided_at", "-pk")
    asked = request.GET.get("q", "").strip()
    issued: CertificateQuerySet = Certificate.objects.visible_to(request.user).exclude(role=CertificateRole.CA.value)
    context = {
        "pending": pending,
        "doubts": [{"row": row, "doubt": authority.warning_of(row.identity)} for row in pending],
        "asked": asked,
        "certificates": Paginator(
            issued.found(asked).prefetch_related("requests").order_by("-not_before", "-pk"), PER_PAGE
        ).get_page(request.GET.get("page")),
        "now": now(),
        "refused": Paginator(refused, PER_PAGE).get_page(request.GET.get("refused")),
        "ca": authority.authority(),
    }
    return render(request, "rcoi/requests.html", context, title=_("Certificate requests"))


@requests_page.post("upload")
def upload_requests(request: HttpRequest) -> str | None:
    """Take in request files; a bad one never stops the others."""
    rules.require(request.user, "rcoi.requests")
    actor = actor_of(request)
    taken = 0
    for name, data in _files(request, MAX_REQUEST):
        try:
            taken += len(authority.import_requests(data=data, name=name, actor=actor))
        except PpeError as refusal:
            refusals.tell(refusal, request)
            messages.error(request, f"{name}: {refusals.words(refusal)}", extra_tags=f"code-{refusal.code}")
    return _("Requests taken in: %d.") % taken if taken else None


def _chosen(request: HttpRequest) -> list[SigningRequest]:
    pks = [row_number(text) for text in request.POST.getlist("request")]
    rows = list(SigningRequest.objects.visible_to(request.user).filter(pk__in=pks, state=RequestState.PENDING))
    if not rows:
        raise RequestRefusedError(Message("Tick at least one request."))
    return rows


@requests_page.post("sign")
def sign_requests(request: HttpRequest) -> str:
    """Sign the ticked requests."""
    rules.require(request.user, "rcoi.requests")
    rows = _chosen(request)
    for row in rows:
        authority.sign_request(request=row, actor=actor_of(request))
    return _("Certificates signed: %d.") % len(rows)


@requests_page.post("refuse")
def refuse_requests(request: HttpRequest) -> str:
    """Refuse the ticked requests with a reason."""
    rules.require(request.user, "rcoi.requests")
    rows = _chosen(request)
    for row in rows:
        authority.refuse_request(request=row, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Requests rejected: %d.") % len(rows)


@requests_page.post("revoke")
def revoke_certificate(request: HttpRequest) -> str:
    """Revoke a certificate that was issued here; the points learn it from the feed."""
    rules.require(request.user, "rcoi.requests")
    pk = request.POST.get("certificate", "")
    row = Certificate.objects.visible_to(request.user).filter(pk=row_number(pk)).first()
    if row is None:
        raise RequestRefusedError(Message("Choose a certificate."))
    told = keys_feed.revoke(certificate=row, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("The certificate is revoked. The revocation list went into the feeds, exam points: %d.") % told


@page("centre/certificates/<int:pk>.pem", name="centre-certificate", node="rcoi")
@needs("rcoi.requests")
def certificate_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a certificate, for a token or a station that gets it by hand."""
    row = Certificate.objects.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    name = f"{row.role}-{row.region}-{row.point}-{row.ident[:16]}.pem"
    return file_answer(name, row.pem.encode("ascii"), content_type="application/x-pem-file")


@page("centre/ca.pem", name="centre-ca", node="rcoi", login=False)
def authority_file(request: HttpRequest) -> HttpResponse:
    """Return the authority's certificate; it is public, its fingerprint is compared by another way."""
    try:
        row = authority.authority()
    except PpeError:
        raise Http404 from None
    return file_answer("ca.pem", row.pem.encode("ascii"), content_type="application/x-pem-file")


# --- exam packages ----------------------------------------------------------------------------------------------------


@page("centre/packages/", name="centre-packages", node="rcoi")
@needs("rcoi.packages")
def packages_page(request: HttpRequest) -> HttpResponse:
    """Show which point has its package for which day, and make them."""
    user: Any = request.user
    made: dict[tuple[int, date], list[ExamPackage]] = {}
    for row in ExamPackage.objects.visible_to(user).order_by("-version"):
        made.setdefault((row.point_id, row.date), []).append(row)
    days: dict[tuple[int, date], dict[str, Any]] = {}
    for sitting in (
        Sitting.objects.visible_to(user).select_related("point__region", "subject").order_by("date", "point")
    ):
        key = (sitting.point_id, sitting.date)
        line = days.setdefault(
            key, {"point": sitting.point, "date": sitting.date, "subjects": [], "made": made.get(key, [])}
        )
        line["subjects"].append(sitting.subject)
    context = {"lines": list(days.values()), "ca": authority.authority()}
    return render(request, "rcoi/packages.html", context, title=_("Exam packages"))


@packages_page.post("make")
def make_package(request: HttpRequest) -> str:
    """Make the package of a point for a day."""
    point = _point(request)
    rules.require(request.user, "rcoi.packages", point)
    try:
        day = date.fromisoformat(request.POST.get("date", ""))
    except ValueError:
        raise RequestRefusedError(Message("Give the exam's date.")) from None
    name, _data = package.make(point=point, date=day, actor=actor_of(request))
    return _("Formed: %s. Take it to the exam point.") % name


def _point(request: HttpRequest) -> ExamPoint:
    """Return the point that a form names by key or code.

    Raises:
        RequestRefusedError: There is none within the person's scope.
    """
    user: Any = request.user
    text = request.POST.get("point", "")
    region, _dash, code = text.rpartition("-")
    rows = user.points().filter(code=code)
    row: ExamPoint | None = (rows.filter(region__code=region) if region else rows).first()
    if row is None:
        raise RequestRefusedError(Message("No such point: {typed}.", typed=text))
    return row


@page("centre/packages/<int:pk>/file/", name="centre-package-file", node="rcoi")
@needs("rcoi.packages")
def package_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the file of a package."""
    row = ExamPackage.objects.visible_to(request.user).select_related("point__region").filter(pk=pk).first()
    if row is None:
        raise Http404
    data = package.file_bytes(row)
    record("rcoi.file", about=row, actor=actor_of(request), data={"sha256": row.sha256})
    return file_answer(row.name, data, content_type="application/zip")


# --- access keys ------------------------------------------------------------------------------------------------------


@page("centre/access-keys/", name="centre-access-keys", node="rcoi")
@needs("rcoi.access_keys")
def access_keys_page(request: HttpRequest) -> HttpResponse:
    """Show the access keys of every sitting, and make them."""
    user: Any = request.user
    sittings = Sitting.objects.visible_to(user).select_related("point__region", "subject").order_by("date", "point")
    context = {"sittings": sittings.prefetch_related("access_keys"), "ca": authority.authority()}
    return render(request, "rcoi/access_keys.html", context, title=_("Access keys"))


@access_keys_page.post("make")
def make_access_key(request: HttpRequest) -> str:
    """Make the access key of a sitting."""
    try:
        sitting = sitting_or_404(request.user, request.POST.get("sitting", ""))  # type: ignore[arg-type]
    except ValueError:
        raise RequestRefusedError(Message("Choose a sitting.")) from None
    rules.require(request.user, "rcoi.access_keys", sitting)
    if request.POST.get("new_version"):
        row = keys_feed.make_reserve(sitting=sitting, actor=actor_of(request))
        return _("Reserve key %s is made and went into the point's feed.") % row.name
    row = authority.make_access_key(sitting=sitting, actor=actor_of(request))
    return _("Made: %s. Take the file to the exam point apart from the package.") % row.name


@page("centre/access-keys/<int:pk>/file/", name="centre-access-key-file", node="rcoi")
@needs("rcoi.access_keys")
def access_key_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the enveloped file of an access key."""
    rows = AccessKey.objects.visible_to(request.user).select_related("sitting__point__region")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    data = access.file_bytes(row)
    record("rcoi.file", about=row, actor=actor_of(request), data={"sha256": row.sha256})
    return file_answer(row.name, data, content_type="application/cms")

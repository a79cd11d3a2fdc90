"""Finding the point and sitting that an address names, within the scope of the person."""

from django.http import Http404, HttpRequest

from common.work.clock import today
from stations.models import ExamPoint, Node, Sitting, User, parse_key_date
from stations.rules import require

SESSION_KEY = "current_sitting"


def sitting_or_404(user: User, key: str) -> Sitting:
    """Return the sitting of a key like ``78-0001-290526-01``.

    Raises:
        Http404: There is none, or it lies outside the person's scope.
    """
    try:
        region, point, day, subject = key.split("-")
        return (
            Sitting.objects.visible_to(user)
            .select_related("point__region", "subject")
            .get(point__region__code=region, point__code=point, date=parse_key_date(day), subject__code=subject)
        )
    except (Sitting.DoesNotExist, ValueError):
        raise Http404(key) from None


def point_or_404(user: User, key: str) -> ExamPoint:
    """Return the point of a key like ``78-0001``.

    Raises:
        Http404: There is none, or it lies outside the person's scope.
    """
    try:
        region, code = key.split("-")
        return user.points().get(region__code=region, code=code)
    except (ExamPoint.DoesNotExist, ValueError):
        raise Http404(key) from None


def open_sitting(request: HttpRequest, key: str) -> Sitting:
    """Return the sitting of an address and remember it as the one the person works on."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    if request.session.get(SESSION_KEY) != key:
        request.session[SESSION_KEY] = key
    return sitting


def sitting_for(request: HttpRequest, key: str, action: str) -> Sitting:
    """Return the sitting of a form when the person may do the action there.

    Raises:
        NotAllowedError: With the roles that may do it, in words.
    """
    sitting = open_sitting(request, key)
    require(request.user, action, sitting)
    return sitting


def current_sitting(request: HttpRequest) -> Sitting | None:
    """Return the sitting the person works on: the remembered one, else today's, else the nearest to today."""
    user = request.user
    if not user.is_authenticated:
        return None
    key = request.session.get(SESSION_KEY)
    if key:
        try:
            return sitting_or_404(user, key)
        except Http404:
            request.session.pop(SESSION_KEY, None)
    rows = list(Sitting.objects.visible_to(user).select_related("point__region", "subject"))
    return min(rows, key=lambda row: abs((row.date - today(row.point.timezone)).days), default=None)


def this_node() -> Node | None:
    """Return this node's row, or None before its first run is finished."""
    return Node.objects.first()

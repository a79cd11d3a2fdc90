"""Who may do what. The same rule decides whether a button is shown and whether its action is allowed."""

from collections.abc import Collection, Iterable
from typing import Any

from common.errors import both
from stations.models import ExamPoint, Role, Sitting, User
from wire.errors import PpeError
from wire.messages import Message


class NotAllowedError(PpeError):
    """The person's roles do not include the action."""

    code = "not_allowed"
    http_status = 403


TS, HEAD, GEK = Role.TECHNICAL_SPECIALIST, Role.POINT_HEAD, Role.GEK_MEMBER
OPERATOR, COORDINATOR, ADMINISTRATOR = Role.RCOI_OPERATOR, Role.REGIONAL_COORDINATOR, Role.ADMINISTRATOR

#: Action → roles. A GEK member acts by the token, whoever's session it is: token actions name who may sit there.
RULES: dict[str, frozenset[Role]] = {
    "people.manage": frozenset({TS, HEAD, ADMINISTRATOR}),
    "stations.replace": frozenset({TS, HEAD}),
    "journals.take_in": frozenset({TS, HEAD}),
    "journals.decide": frozenset({TS, HEAD}),
    "journals.act": frozenset({TS, HEAD, GEK}),
    "keys.load": frozenset({TS, HEAD, GEK}),
    "keys.activate": frozenset({TS, HEAD, GEK}),
    "scanning.edit": frozenset({TS}),
    "scanning.close": frozenset({TS}),
    "scanning.act": frozenset({TS, GEK}),
    "scanning.end": frozenset({TS}),
    "transfers.build": frozenset({TS}),
    "transfers.sign": frozenset({TS, GEK}),
    "transfers.test": frozenset({TS, GEK}),
    "transfers.wipe": frozenset({TS, HEAD}),
    "transfers.retry": frozenset({TS}),
    "transfers.pause": frozenset({TS}),
    "transfers.flash": frozenset({TS, GEK}),
    "transfers.status": frozenset({TS, HEAD}),
    "rcoi.registry": frozenset({ADMINISTRATOR}),
    "rcoi.requests": frozenset({ADMINISTRATOR}),
    "rcoi.packages": frozenset({ADMINISTRATOR, OPERATOR}),
    "rcoi.access_keys": frozenset({ADMINISTRATOR, OPERATOR}),
    "rcoi.inbox": frozenset({ADMINISTRATOR, OPERATOR, COORDINATOR}),
    "rcoi.rescan": frozenset({OPERATOR, ADMINISTRATOR}),
    "rcoi.settle": frozenset({OPERATOR, COORDINATOR, ADMINISTRATOR}),
    "rcoi.status_undo": frozenset({COORDINATOR}),
    "rcoi.phone": frozenset({ADMINISTRATOR, OPERATOR, COORDINATOR}),
    "rcoi.reports": frozenset({ADMINISTRATOR, OPERATOR, COORDINATOR}),
}


def allowed(user: User | Any, action: str, where: ExamPoint | Sitting | None = None) -> bool:
    """Return whether a person may do an action, at a point or sitting when one is given.

    Raises:
        KeyError: The action has no rule.
    """
    roles = RULES[action]
    if not getattr(user, "is_active", False):
        return False
    if user.is_superuser:
        return True
    point = where.point if isinstance(where, Sitting) else where
    for assignment in user.assignments():
        if assignment.role not in roles:
            continue
        if point is None or covers(assignment, point, where):
            return True
    return False


def covers(assignment: Any, point: ExamPoint, where: ExamPoint | Sitting | None) -> bool:
    """Return whether an assignment reaches a point or sitting."""
    if assignment.sitting_id:
        if isinstance(where, Sitting):
            return bool(assignment.sitting_id == where.pk)
        return bool(assignment.sitting.point_id == point.pk)
    if assignment.point_id:
        return bool(assignment.point_id == point.pk)
    return bool(assignment.region_id == point.region_id)


def require(user: User | Any, action: str, where: ExamPoint | Sitting | None = None) -> None:
    """Refuse an action that the person's roles do not include.

    Raises:
        NotAllowedError: With the roles that may do it, in words.
    """
    require_any(user, (action,), where)


def require_any(user: User | Any, actions: Collection[str], where: ExamPoint | Sitting | None = None) -> None:
    """Refuse a person whose roles include none of the actions.

    Raises:
        NotAllowedError: With the roles that may do them, in words.
    """
    if not any(allowed(user, action, where) for action in actions):
        roles = sorted({role for action in actions for role in RULES[action]})
        raise NotAllowedError(Message("You may not do this; it takes: {roles}.", roles=both(lambda: _named(roles))))


def _named(roles: Iterable[Role]) -> str:
    """Return the names of roles in the language of now, the first letter small: the rest may be an abbreviation."""
    labels = [str(role.label) for role in roles]
    return ", ".join(label[:1].lower() + label[1:] for label in labels)

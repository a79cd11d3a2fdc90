"""Logins of the staff."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation

from audit.log import Actor, record
from stations.models import Person, User
from wire.errors import FieldError, PpeError
from wire.messages import Both, Message, Several


class AccountRefusedError(PpeError):
    """The login cannot be made as asked."""

    code = "account_refused"


def issue_account(
    *,
    person: Person | None,
    full_name: str = "",
    username: str,
    password: str,
    repeated: str,
    actor: Actor,
    superuser: bool = False,
) -> User:
    """Make a login for a person of the staff.

    Args:
        person: The person of the registry; None for the first administrator of a centre.
        full_name: Shown name when there is no person yet.
        username: Login name, unique in any letter case.
        password: At least ten characters, not a common one.
        repeated: The password again.
        actor: Who issues it.
        superuser: The first administrator of a centre, before a registry names one.

    Raises:
        AccountRefusedError: Name taken, passwords differ or are weak; each reason in words.
    """
    username = username.strip()
    if not username or User.objects.filter(username__iexact=username).exists():
        raise AccountRefusedError(Message("This user name is taken or empty."))
    if password != repeated:
        raise AccountRefusedError(Message("The two passwords differ."))
    user = User(username=username, person=person, is_staff=True, is_superuser=superuser)
    user.first_name = (person.full_name if person else full_name)[:150]
    weak = _weaknesses(password, user)
    if weak:
        raise AccountRefusedError(Several([part.message for part in weak], " "), parts=weak)
    user.set_password(password)
    with transaction.atomic():
        user.save()
        record("people.account_made", actor=actor, subject=username, data={"person": person.uid if person else ""})
    return user


def _weaknesses(password: str, user: User) -> list[FieldError]:
    """Return what is weak about a password, each in both languages."""
    said: list[list[str]] = []
    for language in ("ru", "en"):
        with translation.override(language):
            try:
                validate_password(password, user)
            except ValidationError as error:
                said.append(list(error.messages))
    return [FieldError("password1", "", "", Both(*each)) for each in zip(*said, strict=True)] if said else []

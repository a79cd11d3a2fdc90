"""Loading and activating an access key are the acts of two persons, whoever brought the key.

A person is one of the registry, however many logins they have: the holder of a token by its certificate, whoever loads
a key by the login of the session. What came by the centre's feed nobody here has loaded: then the second person is
whoever's session the page is open in, or whoever confirms the loading under their own login.
"""

from collections.abc import Iterable

from audit.log import Actor
from common.work.clock import now
from keys.errors import SecondPersonNeededError
from keys.models import AccessKey, Certificate, KeyLoad
from keys.tokens import OpenToken
from stations.models import Person, User
from wire.messages import Message
from wire.pki import CertificateRole


def person_of(actor: Actor) -> Person | None:
    """Return the person of the registry behind a login or a certificate; None for a machine and for a bare login."""
    if actor.user_id is not None:
        user = User.objects.filter(pk=actor.user_id).select_related("person").first()
        return user.person if user else None
    if actor.certificate:
        row = Certificate.objects.filter(fingerprint=actor.certificate).select_related("person").first()
        return row.person if row else None
    return None


def loaders(access_key: AccessKey) -> dict[str, str]:
    """Return who of the registry has loaded the present file of a key: code → full name."""
    rows = KeyLoad.objects.filter(access_key=access_key, sha256=access_key.sha256, person__isnull=False)
    return dict(rows.values_list("person__uid", "person__full_name"))


def require(*, access_key: AccessKey, token: OpenToken, actor: Actor) -> None:
    """Refuse a token whose holder would be alone with the key.

    Raises:
        SecondPersonNeededError: Nobody else has loaded the key, and nobody else is before the screen.
    """
    holder = {token.identity.ident, *([token.person.uid] if token.person else [])}
    refusal = _objection(loaders(access_key), holder, person_of(actor))
    if refusal is not None:
        raise refusal


def objection(*, access_key: AccessKey, actor: Actor) -> SecondPersonNeededError | None:
    """Return why no token of the point may activate the key now; None when one may.

    The page asks it before any PIN: whose token it will be is not known yet.
    """
    point, known, beside = access_key.sitting.point, loaders(access_key), person_of(actor)
    rows = Certificate.objects.of(CertificateRole.GEK, point.region.code, point.code).standing(now())
    found: SecondPersonNeededError | None = None
    for ident, uid in rows.values_list("ident", "person__uid"):
        found = _objection(known, {ident, uid}, beside)
        if found is None:
            return None
    return found


def to_confirm(*, access_key: AccessKey, actor: Actor) -> bool:
    """Return whether it changes anything when this person confirms the loading of the key."""
    known, person = loaders(access_key), person_of(actor)
    if person is None or person.uid in known or len(known) > 1:
        return False
    return not known or Certificate.objects.filter(role=CertificateRole.GEK.value, ident__in=known).exists()


def _objection(
    known: dict[str, str], holder: Iterable[str | None], beside: Person | None
) -> SecondPersonNeededError | None:
    holder = set(holder)
    if set(known) - holder:
        return None
    if known:
        name = next(iter(known.values()))
        return SecondPersonNeededError(
            Message(
                "{name} loaded the key and may not activate it with their own token: these are the acts"
                " of two persons.",
                name=name,
            ),
            remedy=Message(
                "Let somebody else of the point confirm the loading on this page under their own login,"
                " or let another GEK member activate the key."
            ),
        )
    if beside is not None and beside.uid not in holder:
        return None
    return SecondPersonNeededError(
        Message(
            "Loading and activating a key are the acts of two persons, and it is not known who loaded"
            " this one: it may have come by the centre's feed."
        ),
        remedy=Message(
            "Open this page under the login of the technical specialist or of the head of the point;"
            " the GEK member types the PIN there."
        ),
    )

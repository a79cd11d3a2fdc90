"""Make a data folder a node of the usual day, and print what a test needs to come in: argv is the kind of node."""

import json
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402

from keys import authority, node, sessions  # noqa: E402
from stations.models import Role, User  # noqa: E402
from tests.support import factories  # noqa: E402
from tests.support.keys import make_keys  # noqa: E402
from wire import pki  # noqa: E402
from wire.cms import Signer  # noqa: E402
from wire.pki.session import sign_challenge  # noqa: E402


def browser_of(user: User) -> str:
    """Return the cookie of a person who is logged in."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def machine_of(signer: Signer) -> str:
    """Return the token of a machine that is logged in."""
    return sessions.open_session(signed=sign_challenge(sessions.challenge(), signer))[0]


def point() -> dict[str, Any]:
    day = factories.make_day(rooms=1)
    day.sitting.rooms.update(kind="voice", places=4)
    keys = make_keys(day, Path(settings.PPE_TOKEN_DIRS[0]))
    keys.load()
    user = factories.make_user("technician", "Иванов Пётр Ильич", Role.TECHNICAL_SPECIALIST, sitting=day.sitting)
    gek = factories.make_user("gek", "Соколова Анна Сергеевна", Role.GEK_MEMBER, sitting=day.sitting)
    return {
        "browser": browser_of(user),
        "gek": browser_of(gek),
        "token": machine_of(keys.signer("scan-02")),
        "sitting": day.key,
        "access_key": day.sitting.access_keys.get().pk,
    }


def centre() -> dict[str, Any]:
    factories.NodeFactory(kind="rcoi", points=[])
    day = factories.make_day(rooms=1)
    node.ensure_keys()
    authority.found(region="78", name="РЦОИ")
    key = pki.generate_key()
    identity = pki.Identity(pki.CertificateRole.HQ, "78", "0001", "0198b0c4-0000-7000-8000-0000000000aa")
    from audit.log import SYSTEM

    request = authority.import_request(data=pki.make_csr(key, identity, common_name="Штаб"), name="x", actor=SYSTEM)
    signer = Signer(authority.sign_request(request=request, actor=SYSTEM).x509, key)
    user = factories.make_user("administrator", "Андреева Вера Николаевна", Role.ADMINISTRATOR, region=day.region)
    return {"browser": browser_of(user), "token": machine_of(signer), "sitting": day.key}


print(json.dumps({"hq": point, "rcoi": centre}[settings.PPE_NODE]()))  # noqa: T201
sys.stdout.flush()

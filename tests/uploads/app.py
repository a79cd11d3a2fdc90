"""The node as a web server runs it in these tests: real settings and urls, bearer tokens that name the machine.

Logging in is another room's business (tests/keys); here ``Bearer hq:78:0001:node`` is that machine.
"""

import time
from dataclasses import dataclass

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from uploads import api, handlers  # noqa: E402
from wire.errors import PpeError  # noqa: E402
from wire.messages import Both  # noqa: E402
from wire.pki.identity import CertificateRole, Identity  # noqa: E402


class NoSuchTasteError(PpeError):
    code = "no_such_taste"
    http_status = 422


@dataclass(frozen=True)
class UploadingMachine:
    identity: Identity
    fingerprint: str = "f" * 64


class ByName:
    def authenticate(self, request):
        words = request.META.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ").split(":")
        if len(words) != 4:
            return None
        return None, UploadingMachine(Identity(CertificateRole(words[0]), *words[1:]))


def probe(upload):
    with (upload.path.parent.parent / "handled.log").open("a") as log:
        log.write(f"{upload.uid} {upload.sha256}\n")
    if upload.metadata.get("taste") == "bad":
        raise NoSuchTasteError(Both("Не тот вкус.", "Not that taste."))
    if upload.metadata.get("taste") == "slow":
        time.sleep(0.3)
    return {"sha256": upload.sha256, "length": upload.length}


api.api_settings.DEFAULT_AUTHENTICATION_CLASSES = [ByName]  # the way the room itself finds it
handlers.register("probe", probe, roles=None, max_bytes=2 << 30)
handlers.register("small", probe, roles={"print"}, max_bytes=1000)

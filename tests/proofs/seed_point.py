"""Make a data folder the HQ of the usual day with signed packets of given sizes: argv is a folder for the keys that
the centre needs, then the sizes, and ``status`` for a declared status besides. The region's authority is made here:
the centre is seeded with it afterwards.
"""

import json
import random
import struct
import sys
from pathlib import Path

import django

django.setup()

from cryptography.hazmat.primitives import serialization  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from audit.log import Actor  # noqa: E402
from common import files  # noqa: E402
from day import acts  # noqa: E402
from keys import node  # noqa: E402
from tests.support import factories  # noqa: E402
from tests.support.keys import make_keys  # noqa: E402
from tests.transfers.conftest import Hq  # noqa: E402
from transfers import build, seal, sign  # noqa: E402
from transfers.models import Packet, PacketKind  # noqa: E402
from transfers.moves import move_packet  # noqa: E402
from transfers.states import PacketState  # noqa: E402
from wire import packet as wire_packet  # noqa: E402
from wire import pki  # noqa: E402

ACTOR = Actor("Иванов Пётр Ильич", "page")


def make_packet(day: factories.Day, size: int, rng: random.Random) -> Packet:
    """Forms of the point, each version with one sheet of so many bytes."""
    packet = build.start(
        sitting=day.sitting, kind=PacketKind.FORMS, room=day.rooms["HQ"], status=None, actor=ACTOR, counts={"forms": 1}
    )
    Packet.objects.filter(pk=packet.pk).update(supersedes=None)
    source = files.folder("scans", "made") / f"{packet.uid}.bin"
    # It begins as a picture does: the centre glances at each, and decodes none.
    head = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 2480, 3508)
    with source.open("wb") as file:  # randbytes itself ends at 256 MiB
        file.write(head)
        for done in range(len(head), size, 1 << 24):
            file.write(rng.randbytes(min(1 << 24, size - done)))
    path = seal.unsigned(packet)
    recipients = node.rcoi_certificates()
    content = wire_packet.write_content(
        path, files=[wire_packet.TarFile("sheets/form.tif", "form", source)], recipients=recipients
    )
    source.unlink()
    packet = Packet.objects.full().get(pk=packet.pk)
    move_packet(packet, PacketState.SEALING, actor=ACTOR)
    move_packet(
        packet,
        PacketState.AWAITING_SIGNATURE,
        actor=ACTOR,
        path=files.relative(path),
        content_sha256=content.sha256,
        content_size=content.size,
        content_end=content.end,
        size=content.end,
        sealed_at=timezone.now(),
        progress=100,
        recipients=[pki.fingerprint(each) for each in recipients],
    )
    return Packet.objects.full().get(pk=packet.pk)


def main() -> None:
    papers, sizes = Path(sys.argv[1]), [int(word) for word in sys.argv[2:] if word.isdigit()]
    factories.NodeFactory(kind="hq", points=["0001"])
    day = factories.make_day()
    tokens = Path(settings.PPE_TOKEN_DIRS[0])
    tokens.mkdir(parents=True, exist_ok=True)
    keys = make_keys(day, tokens)
    for name, key, certificate in (
        ("ca", keys.ca_key, keys.ca),
        ("rcoi", keys.keys["rcoi-01"], keys.certificates["rcoi-01"]),
    ):
        form = serialization.PrivateFormat.PKCS8
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (papers / f"{name}.key").write_bytes(private)
        (papers / f"{name}.pem").write_text(pki.pem(certificate))
    token = keys.open_token()
    rng = random.Random(1)
    for size in sizes:
        # Signed at once: a version that was never sent would give way to the next one.
        sign.sign_packets(packets=[make_packet(day, size, rng)], token=token, actor=ACTOR)
    if "status" in sys.argv:
        # Left to the node's own workers: sealed, signed and sent by them.
        Hq(day, keys).all_journals()
        acts.declare(sitting=day.sitting, status="exams_finished", actor=ACTOR)
    rows = Packet.objects.values("uid", "sha256", "size")
    sys.stdout.write(json.dumps({"packets": list(rows)}))


main()

"""How packets share the line: which goes first, pauses, the channel's width, two channels, TLS of the region."""

import fcntl
import hashlib
import ipaddress
import random
import shutil
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from django_q.models import OrmQ

from audit.models import Event
from common import files
from common.work import leases
from day import acts
from tests.proofs.proxy import FaultProxy
from tests.transfers.conftest import ACTOR, fresh
from tests.transfers.test_two_nodes import centre, empty_centre  # noqa: F401 (fixtures)
from transfers import link, outbox, pausing, tasks
from transfers.models import Packet
from wire import pki
from wire.errors import PpeError
from wire.tus import RetryLaterError, paced


@pytest.fixture
def queue(hq, settings):
    """A status, a big room and a small one, all signed, and a centre that does not answer."""
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    link._sessions.clear()
    hq.close("0101", people=8)
    hq.close("0102")
    big, small = hq.signed("0101"), hq.signed("0102")
    hq.all_journals()
    row = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    tasks.seal_packet(row.packets.get().pk)
    Packet.objects.filter(pk=small.pk).update(size=100)
    return {"status": row.packets.get(), "small": small, "big": big}


def test_statuses_go_first_and_small_packets_before_big_ones(queue):
    went = []
    for _ in range(3):
        outbox.work(queue["big"].pk)
        went += [name for name, each in queue.items() if fresh(each).attempts and name not in went]
    assert went == ["status", "small", "big"]


def test_a_wake_up_of_a_packet_that_may_go_is_never_in_vain(queue, monkeypatch):
    monkeypatch.setattr(outbox, "LOOKED_AT", 1)
    assert outbox.urgent(queue["big"].pk) == [queue["status"].pk, queue["big"].pk]


def test_a_pause_holds_every_packet_and_is_told_of(queue, technician):
    page = f"/transfers/{queue['big'].sitting.key}/"
    assert technician.client.post(page, {"form": "pause"}).status_code == 302
    assert pausing.paused()
    outbox.work(queue["status"].pk)
    assert not tasks.to_deliver().exists()
    assert set(Packet.objects.values_list("state", "attempts")) == {("queued", 0)}
    text = technician.client.get(page).content.decode()
    assert "Передача по сети приостановлена" in text
    assert technician.client.post(page, {"form": "resume"}).status_code == 302
    assert tasks.to_deliver().count() == 3
    assert list(Event.objects.filter(kind__startswith="transfers.paus").values_list("kind", flat=True)) == [
        "transfers.paused"
    ]


def test_an_observer_does_not_pause(queue, observer):
    observer.client.post(f"/transfers/{queue['big'].sitting.key}/", {"form": "pause"})
    assert not pausing.paused()


def test_pauses_double_never_in_step_and_heed_the_centre():
    for tries in range(1, 9):
        drawn = {outbox.pause_after(tries, None) for _ in range(50)}
        whole = min(60.0, 2.0 * 2 ** (tries - 1))
        assert len(drawn) > 1
        assert all(max(1.0, whole / 2) <= each <= whole for each in drawn)
    assert outbox.pause_after(1, 45) == 45
    assert outbox.pause_after(1, 10**9) == 3600


def test_channels_take_turns_by_two(settings):
    settings.PPE_RCOI_URL, settings.PPE_RCOI_RESERVE_URL = "https://main/", "https://reserve"
    assert [link.address(tries) for tries in range(1, 7)] == [
        "https://main",
        "https://main",
        "https://reserve",
        "https://reserve",
        "https://main",
        "https://main",
    ]


def test_the_line_is_shared_by_two_deliveries(settings):
    assert link.rate() is None
    settings.PPE_LINK_KBITS = 512
    assert link.rate() == 32_000
    begin = time.monotonic()
    assert b"".join(paced(bytes(40_000), 80_000)) == bytes(40_000)
    assert time.monotonic() - begin > 0.4


def big_packet(hq):
    """A signed packet of some megabytes."""
    from common import files
    from transfers import seal, sign

    hq.close("0101")
    packet = hq.sealed()
    path = files.inside(hq.card().sheets.first().path)
    path.write_bytes(path.read_bytes() + random.Random(1).randbytes(3 << 20))
    hq.card().sheets.filter(path=files.relative(path)).update(sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    Packet.objects.filter(pk=packet.pk).update(state="sealing")
    seal.seal(fresh(packet))
    sign.sign_packets(packets=[fresh(packet)], token=hq.keys.open_token(), actor=ACTOR)
    return fresh(packet)


def again(packet):
    row = fresh(packet)
    leases.release(row)
    Packet.objects.filter(pk=packet.pk).update(next_try_at=row.made_at)
    outbox.work(packet.pk)
    return fresh(packet)


@pytest.mark.slow
def test_an_upload_begun_by_the_main_channel_goes_on_by_the_reserve(hq, centre, settings, monkeypatch):  # noqa: F811
    main, reserve = FaultProxy(centre.port, 1), FaultProxy(centre.port, 2)
    settings.PPE_RCOI_URL, settings.PPE_RCOI_RESERVE_URL = main.url, reserve.url
    packet = big_packet(hq)
    moved = outbox._moved

    def dies(row, offset):
        moved(row, offset)
        if 0 < offset < row.size:
            main.close()

    monkeypatch.setattr(outbox, "_moved", dies)
    outbox.work(packet.pk)
    monkeypatch.undo()
    row = fresh(packet)
    assert 0 < row.offset < row.size
    kept, location = row.offset, row.location
    for _ in range(3):
        row = again(packet)
        if row.state in ("delivered", "acknowledged"):
            break
    assert row.state in ("delivered", "acknowledged"), row.last_error
    assert row.location.rsplit("/", 2)[-2] == location.rsplit("/", 2)[-2], "the same upload"
    assert row.location.startswith(reserve.url)
    assert reserve.sent <= row.size - kept
    reserve.close()


class TlsFront:
    """What nginx is to a centre: TLS outside, plain HTTP inside."""

    def __init__(self, folder, ca, ca_key, target):
        self.target = target
        key = pki.generate_key()
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]))
            .issuer_name(ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .sign(ca_key, hashes.SHA256())
        )
        form = serialization.PrivateFormat.PKCS8
        (folder / "tls.key").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )
        (folder / "tls.pem").write_text(pki.pem(certificate))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
        self.server = socket.create_server(("127.0.0.1", 0))
        self.served = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.server.getsockname()[1]}"

    def _listen(self):
        with suppress(OSError):
            while True:
                raw, _ = self.server.accept()
                with suppress(OSError):
                    client = self.context.wrap_socket(raw, server_side=True)
                    upstream = socket.create_connection(("127.0.0.1", self.target))
                    self.served += 1
                    for pair in ((client, upstream), (upstream, client)):
                        threading.Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source, target):
        with suppress(OSError):
            while block := source.recv(1 << 16):
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)


@pytest.mark.slow
def test_the_line_trusts_the_regions_authority_and_no_other(hq, centre, settings, tmp_path):  # noqa: F811
    front = TlsFront(tmp_path, hq.keys.ca, hq.keys.ca_key, centre.port)
    settings.PPE_RCOI_URL = front.url
    with link.session(hq.point) as client:
        assert link.get_json(client, "/api/v1/feed/")["items"] == []
    assert front.served
    stranger_key = pki.generate_key()
    folder = tmp_path / "stranger"
    folder.mkdir()
    stranger = TlsFront(folder, pki.make_ca(stranger_key, region="78", name="Чужой УЦ"), stranger_key, centre.port)
    settings.PPE_RCOI_URL = stranger.url
    link._sessions.clear()
    with pytest.raises(RetryLaterError) as caught, link.session(hq.point):
        pass
    assert isinstance(caught.value, PpeError)
    assert not stranger.served
    shutil.rmtree(folder)


def test_deliveries_leave_a_worker_for_the_feed(queue, settings):
    """GIVEN as many deliveries at work as may be: the next wake-up of a packet ends at once, its worker is free."""
    assert settings.Q_CLUSTER["ALT_CLUSTERS"]["link"]["workers"] > link.DELIVERIES
    with ExitStack() as held:
        for number in range(link.DELIVERIES):
            file = held.enter_context((files.folder("run") / f"delivery-{number}").open("ab"))
            fcntl.flock(file, fcntl.LOCK_EX)
        outbox.work(queue["big"].pk)
        assert set(Packet.objects.values_list("state", "attempts")) == {("queued", 0)}
    outbox.work(queue["big"].pk)
    assert fresh(queue["status"]).attempts == 1


def test_whoever_ends_a_delivery_calls_the_next_packet(queue, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        outbox.work(queue["big"].pk)
    waiting = Packet.objects.filter(attempts=0).order_by("pk").first()
    assert [each.name() for each in OrmQ.objects.all()] == [f"transfers.deliver:{waiting.pk}"]

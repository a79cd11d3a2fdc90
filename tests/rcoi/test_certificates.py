"""Every certificate is found and revoked, however many were issued after it; no list of the centre ends silently."""

from datetime import timedelta

import pytest

from common.work.clock import now
from keys.models import Certificate, SigningRequest
from rcoi.models import Announcement, FeedEntry, Report
from stations.models import Region
from tests.rcoi.test_pages import Forms, post

pytestmark = pytest.mark.django_db

PATH = "/centre/requests/"


@pytest.fixture
def issued(point) -> Certificate:
    """The station's certificate, with the request it was signed from, older than 260 others of other points."""
    oldest = Certificate.objects.get(role="print")
    Certificate.objects.filter(pk=oldest.pk).update(common_name="Станция Старейшая", not_before=now() - timedelta(9))
    SigningRequest.objects.filter(certificate=oldest).update(decided_at=now() - timedelta(days=9))
    rows = Certificate.objects.bulk_create(
        Certificate(
            role="gek",
            region="78",
            point=f"{1000 + n}",
            ident=f"gek-{n}",
            common_name=f"Петров Пётр {n}",
            serial=f"f{n:031x}",
            fingerprint=f"{n:064x}",
            key_fingerprint=f"{n:064x}",
            pem="",
            not_before=now(),
            not_after=now() + timedelta(days=9),
        )
        for n in range(260)
    )
    SigningRequest.objects.bulk_create(
        SigningRequest(
            role="gek",
            region="78",
            point=row.point,
            ident=row.ident,
            common_name=row.common_name,
            csr="",
            key_fingerprint=row.key_fingerprint,
            name="",
            state="signed",
            received_at=now(),
            decided_at=now(),
            certificate=row,
        )
        for row in rows
    )
    oldest.refresh_from_db()
    return oldest


def shown(client, **asked) -> set[str]:
    """Return the ids of the revocation forms of a page."""
    html = client.get(PATH, asked).content.decode()
    return {form for form in Forms(html).found if form.startswith("revoke-")}


def test_the_oldest_of_many_certificates_is_found_and_revoked(issued, administrator):
    wanted = f"revoke-{issued.pk}"
    loud = ":".join(issued.serial.zfill(40)[i : i + 2] for i in range(0, 40, 2)).upper()
    for words in ("старейшая", "Станция Старейшая", issued.serial, issued.serial[:8], loud, issued.fingerprint[:16]):
        assert shown(administrator.client, q=words) == {wanted}, words
    assert wanted in shown(administrator.client, q="78-0001 0001")
    assert shown(administrator.client, q="78-0001 Пётр") == set()
    assert (
        post(administrator, f"{PATH}?q=старейшая", "revoke", certificate=issued.pk, reason="украдена")[0][0]
        == "success"
    )
    issued.refresh_from_db()
    assert issued.revoked_at is not None
    assert FeedEntry.objects.filter(kind="crl").exists()


def test_the_pages_of_the_list_hold_every_certificate(issued, administrator):
    found: set[str] = set()
    total = Certificate.objects.exclude(role="ca").count()
    first = administrator.client.get(PATH).content.decode()
    assert f"Всего: {total}" in first
    for page in range(1, -(-total // 50) + 1):
        found |= shown(administrator.client, page=page)
    assert len(found) == total
    assert f"revoke-{issued.pk}" in found


def test_requests_beyond_a_page_wait_on_the_next_and_keep_the_search(centre, administrator):
    SigningRequest.objects.bulk_create(
        SigningRequest(
            role="gek",
            region="78",
            point=f"{n + 1:04d}",
            ident=f"gek-{n}",
            common_name=f"Петров {n}",
            name="",
            key_fingerprint=f"{n:064x}",
            csr="",
            state="pending" if n < 210 else "refused",
            received_at=now(),
            decided_at=now(),
            reason="не сверен",
        )
        for n in range(420)
    )
    first = administrator.client.get(PATH, {"q": "Иванов"}).content.decode()
    assert "Всего: 210" in first
    assert "?q=%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2&amp;waiting=2" in first
    second = administrator.client.get(PATH, {"waiting": "2"}).content.decode()
    assert second.count('name="request" value=') == 10


def test_reports_and_announcements_beyond_a_page_are_reached(point, administrator):
    Report.objects.bulk_create(
        Report(
            kind="region",
            key=f"78-{n}",
            region=Region.objects.get(),
            number=n,
            data_sha256="",
            sha256="",
            path="",
            made_at=now(),
            made_by="",
        )
        for n in range(1, 121)
    )
    for row in Announcement.objects.bulk_create(
        Announcement(title=f"Объявление {n}.", text="", by="", at=now() + timedelta(seconds=n)) for n in range(120)
    ):
        row.points.add(point.day.point)
    reports = administrator.client.get("/centre/reports/").content.decode()
    assert "Всего: 120" in reports
    assert "/centre/reports/1/" in administrator.client.get("/centre/reports/?page=3").content.decode()
    told = administrator.client.get("/centre/announcements/").content.decode()
    assert "Всего: 120" in told
    assert "Объявление 0." in administrator.client.get("/centre/announcements/?page=3").content.decode()

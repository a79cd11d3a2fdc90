"""Server time, and how a point sees it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone


def now() -> datetime:
    """Return the server's time as an aware UTC datetime."""
    return timezone.now()


def local(moment: datetime, zone: str) -> datetime:
    """Return ``moment`` in an IANA time zone, for people to read."""
    return moment.astimezone(ZoneInfo(zone))


def today(zone: str) -> date:
    """Return the calendar day at a place, judged by the server's clock."""
    return local(now(), zone).date()

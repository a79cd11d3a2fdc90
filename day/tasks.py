"""What the room does by itself."""

from django.conf import settings

from common.work import jobs
from day import acts, telling


@jobs.periodic_task("day.keep", every=600)
def keep() -> None:
    """Begin the wiping of originals whose term is over."""
    if settings.PPE_NODE == "hq":
        acts.wipe_due()


@jobs.periodic_task("day.tell", every=3)
def tell() -> None:
    """Tell the centre what is open again, and that it is settled, as soon as that changes."""
    if settings.PPE_NODE == "hq":
        telling.tell()

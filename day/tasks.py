"""What the room does by itself."""

from django.conf import settings

from common.work import jobs
from day import acts


@jobs.periodic_task("day.keep", every=600)
def keep() -> None:
    """Begin the wiping of originals whose term is over."""
    if settings.PPE_NODE == "hq":
        acts.wipe_due()

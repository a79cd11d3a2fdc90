"""Work of this room that nobody asks for."""

from common import jobs
from keys import access


@jobs.chore("keys.expire", every=60)
def expire() -> None:
    """Delete the access keys whose time is over."""
    access.expire_due()

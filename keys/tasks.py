"""Work of this room that nobody asks for."""

from common.work import jobs
from keys import access, anchors, idempotency


@jobs.periodic_task("keys.expire", every=60)
def expire() -> None:
    """Delete the access keys whose time is over."""
    access.expire_due()


@jobs.periodic_task("keys.forget_answers", every=600)
def forget_answers() -> None:
    """Delete the kept answers whose time is over."""
    idempotency.forget()


@jobs.periodic_task("keys.anchor", every=15)
def anchor() -> None:
    """Sign the heads of the event logs every hour."""
    anchors.make_due()

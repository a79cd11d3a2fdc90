from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.kinds import register

KINDS: dict[str, str | Promise] = {
    "rcoi.received": _("Packet received by the regional centre"),
    "rcoi.refused": _("Packet not accepted by the regional centre"),
    "rcoi.opening": _("Packet being opened"),
    "rcoi.verified": _("Packet decrypted and checked"),
    "rcoi.acknowledged": _("Packet confirmed"),
    "rcoi.rejected": _("Packet rejected"),
    "rcoi.again": _("Packet taken for another check"),
    "rcoi.receipt": _("Receipt issued"),
    "rcoi.rescan": _("Rescan requested"),
    "rcoi.rescan_answered": _("Rescanned sheets received"),
    "rcoi.finding_settled": _("Finding settled"),
    "rcoi.status": _("Status of an exam point received"),
    "rcoi.status_undone": _("Status of an exam point undone"),
    "rcoi.phone_status": _("A point's status was told by telephone"),
    "rcoi.phone_wrong": _("A code told by telephone was wrong"),
    "rcoi.standing": _("What is open at an exam point was told"),
    "rcoi.announced": _("Announcement sent"),
    "rcoi.package": _("Exam package handed out"),
    "rcoi.file": _("File handed out"),
    "rcoi.report": _("Report formed"),
}


class RcoiConfig(AppConfig):
    """The centre."""

    name = "rcoi"
    verbose_name = _("Regional centre (RCOI)")

    def ready(self) -> None:
        """Name the room's events and take in the packets that arrive by network."""
        register(KINDS)
        from rcoi.receiving import channels  # noqa: PLC0415 (models exist only now)

        channels.connect()

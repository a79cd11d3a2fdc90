"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "transfers.packet_made": _("Packet being built"),
        "transfers.packet_moved": _("Packet changed its state"),
        "transfers.packet_signed": _("Packet signed"),
        "transfers.packet_on_flash": _("Packet written to a flash drive"),
        "transfers.packet_imported": _("A packet made on another machine of the HQ was taken in"),
        "transfers.journal_on_flash": _("A scan journal was written to a flash drive"),
        "transfers.feed_on_flash": _("The centre's answers were written to a flash drive"),
        "transfers.packet_retried": _("Packet sent again by a person's decision"),
        "transfers.paused": _("Delivery over the network paused"),
        "transfers.resumed": _("Delivery over the network resumed"),
        "transfers.status_declared": _("Status of the exam point declared"),
        "transfers.status_moved": _("Status of the exam point changed its state"),
        "transfers.standing": _("The centre is told what is open again at the point"),
        "transfers.standing_told": _("The centre knows what is open again at the point"),
        "transfers.closing_act": _("The closing act of the point was printed"),
        "transfers.wiping_begun": _("Wiping of originals was begun"),
        "transfers.wiped": _("Originals were wiped from the node"),
        "transfers.line_checked": _("A channel to the centre was tried"),
        "transfers.phone_code": _("A code for telling a status by telephone was made"),
        "transfers.phone_told": _("A status was told to the centre by telephone"),
        "transfers.receipt": _("Receipt of the regional centre received"),
        "transfers.foreign_receipt": _("Alarm: a receipt for an unknown packet"),
        "transfers.feed_item": _("Feed item of the regional centre received"),
        "transfers.feed_gap": _("Feed items are lost at the centre and will not come"),
        "transfers.feed_broken": _("Alarm: the regional centre's feed is broken or forged"),
    }
)

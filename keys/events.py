"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "keys.authority_founded": _("Certificate authority of the region made"),
        "keys.request_taken": _("Certificate request taken in"),
        "keys.request_signed": _("Certificate issued"),
        "keys.request_refused": _("Certificate request rejected"),
        "keys.request_reopened": _("Certificate request made again"),
        "keys.certificate_revoked": _("Certificate revoked"),
        "keys.crl_taken": _("Revocation list taken in"),
        "keys.package_made": _("Exam package made"),
        "keys.package_taken": _("Exam package taken in"),
        "keys.access_key_made": _("Access key made"),
        "keys.access_key_loaded": _("Access key loaded"),
        "keys.access_key_activated": _("Access key activated"),
        "keys.access_key_expired": _("Access key expired"),
        "keys.access_key_revoked": _("Access key revoked"),
        "keys.wrong_pin": _("Wrong PIN of a token"),
        "keys.foreign_token": _("Foreign token"),
        "keys.session_opened": _("Machine logged in"),
        "keys.session_ended": _("Machine session ended"),
    }
)

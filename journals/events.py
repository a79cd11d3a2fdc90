"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "journals.taken_in": _("Electronic journal received"),
        "journals.repeated": _("Electronic journal received again"),
        "journals.turned_away": _("File turned away: no journal of this node"),
        "journals.forked": _("Journal contradicts another one of the same station"),
        "journals.accepted": _("Journal accepted by decision"),
        "journals.refused": _("Journal rejected by decision"),
        "journals.rechecked": _("Journal accepted after another check"),
        "journals.superseded": _("Journal replaced by a fuller one"),
        "journals.forms_opened": _("Form numbers opened"),
        "journals.act_made": _("Act made"),
    }
)

"""Kinds of audit events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "journals.taken_in": _("Получен электронный журнал"),
        "journals.repeated": _("Электронный журнал получен повторно"),
        "journals.turned_away": _("Файл не принят: не журнал этого узла"),
        "journals.forked": _("Журнал противоречит другому журналу той же станции"),
        "journals.accepted": _("Журнал принят решением"),
        "journals.refused": _("Журнал отклонён решением"),
        "journals.rechecked": _("Журнал принят после повторной проверки"),
        "journals.superseded": _("Журнал заменён более полным"),
        "journals.forms_opened": _("Номера бланков открыты"),
        "journals.station_state": _("Станция сменила состояние"),
        "journals.act_made": _("Составлен акт"),
    }
)

"""Signs of life of the stations, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring import words
from stations import heartbeats
from stations.models import Heartbeat, Station


@dataclass(frozen=True)
class StationHeartbeat:
    """What a cell of the matrix says about a station."""

    row: Heartbeat

    @property
    def level(self) -> str:
        """Class of the words: bad, warn or nothing."""
        found = heartbeats.troubles(self.row)
        return "bad" if "fault" in found else "warn" if found else ""

    @property
    def text(self) -> str:
        """State and time, and what somebody should look at."""
        at = words.clock_of(self.row.at, self.row.station.point)
        return ", ".join([f"{self.row.get_state_display()} {at}", *trouble_words(self.row)])


def heartbeat_of(station: Station) -> Heartbeat | None:
    """Return the last sign of a station, if it ever spoke."""
    row: Heartbeat | None = getattr(station, "heartbeat", None)
    return row


def trouble_words(row: Heartbeat) -> list[str]:
    """Say what is wrong with a station, one phrase for each trouble."""
    minutes = round(row.skew_seconds / 60)
    said = {
        "fault": row.note,
        "silent": _("does not answer"),
        "clock": _("clock %+d min") % minutes if minutes else _("the clock is inexact"),
        "paper": _("paper %s %%") % row.paper,
        "toner": _("toner %s %%") % row.toner,
        "battery": _("battery %s %%") % row.battery,
        "disk": _("little space on the disk"),
    }
    return [said[code] for code in heartbeats.troubles(row) if said[code]]

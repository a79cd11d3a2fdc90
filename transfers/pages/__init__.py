"""Pages of this room."""

from transfers.pages import packets, phone, trial

__all__ = ["packets", "phone", "trial"]

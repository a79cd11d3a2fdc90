"""Pages of this room."""

from transfers.pages import packets, phone

__all__ = ["packets", "phone"]

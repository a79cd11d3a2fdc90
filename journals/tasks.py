"""Work of this room that nobody asks for."""

from common import jobs
from journals import forms


@jobs.chore("journals.open_forms", every=15)
def open_forms() -> None:
    """Open sealed form numbers that an interrupted activation or intake left closed."""
    forms.open_waiting()

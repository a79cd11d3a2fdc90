"""Work of this room that nobody asks for."""

from common import files
from common.work import jobs
from journals import forms, intake
from wire import durable

#: No writer of a journal or act works upon its temporary file for so long.
_LEFT_SECONDS = 3600.0


#: Sitting → access certificates at the last look of this process.
_certificates: dict[int, int] = {}
#: Sitting → what the registry said of it at the last look of this process.
_registry: dict[int, int] = {}


@jobs.periodic_task("journals.open_forms", every=15)
def open_forms() -> None:
    """Open numbers that an interrupted activation or intake left sealed; judge again what may be sound now."""
    forms.open_waiting()
    intake.recheck_sealed(_certificates)
    intake.recheck_registry(_registry)


@jobs.periodic_task("journals.forget_parts", every=600)
def forget_parts() -> None:
    """Remove what writers that were killed have left half."""
    for name in ("journals", "acts"):
        durable.forget_parts(files.inside(name), older=_LEFT_SECONDS)

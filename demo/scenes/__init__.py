"""What goes wrong on a bad day, played after the ordinary one at a point with three exams: a scene a module."""

from collections.abc import Callable

from demo.harness import Harness
from demo.report import DemoStep
from demo.scenes import by_drive, fewer_sheets, late_journal, rescan_after_end, three_exams
from wire.messages import Message

#: Number, title and play of each scene, in their order: each goes on where the one before it ended.
SCENES: tuple[tuple[str, Message, Callable[[Harness, DemoStep], None]], ...] = (
    ("b1", Message("Three exams at one point: the first is done, the day is not"), three_exams.play),
    ("b2", Message("A longer print journal after the room was packed"), late_journal.play),
    ("b3", Message("The line is down: a packet goes by flash drive"), by_drive.play),
    ("b4", Message("A version with fewer sheets than before"), fewer_sheets.play),
    ("b5", Message("The centre asks for a rescan after the last status"), rescan_after_end.play),
)

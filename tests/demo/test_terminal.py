"""The stations' terminal: a dead one is named, and never keeps the stage from being cleared."""

import pytest

from demo.stations import Terminal
from demo.web import ActorError


def test_a_terminal_that_died_is_named_and_closes(tmp_path):
    terminal = Terminal(tmp_path / "log")
    terminal.process.kill()
    terminal.process.wait(10)
    with pytest.raises(ActorError, match="the terminal died, exit code -9"):
        terminal.type("verify", "--pin", "123456")
    terminal.close()

"""Listeners: each once, in the order in which they came."""

from common.listeners import Listeners


def test_each_is_called_once_in_the_order_in_which_they_came():
    heard: list[str] = []
    listeners: Listeners[[str]] = Listeners()

    def first(said: str) -> None:
        heard.append(f"1 {said}")

    @listeners.register
    def second(said: str) -> None:
        heard.append(f"2 {said}")

    listeners.register(first)
    listeners.register(second)
    for each in listeners:
        each("x")
    assert heard == ["2 x", "1 x"]


def test_one_that_leaves_while_others_are_called_is_called_no_more_the_next_time():
    heard: list[str] = []
    listeners: Listeners[[]] = Listeners()

    @listeners.register
    def once() -> None:
        heard.append("once")
        listeners.forget(once)

    listeners.register(lambda: heard.append("always"))
    for _round in range(2):
        for each in listeners:
            each()
    assert heard == ["once", "always", "always"]
    listeners.forget(once)  # who is not there may leave again

"""Exam days by the thousand: the real programs of both nodes in a seeded world where everything fails.

A process for each node, forked anew for each of its lives and one of them running at a time; a clock that only the
world moves; a line, a queue, a disk and people that do what the seed says. ``python -m tests.simulator --help``.
"""

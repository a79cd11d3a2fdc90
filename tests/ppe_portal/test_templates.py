"""Holds the templates to a width that a person reads."""

import subprocess

from django.conf import settings

WIDTH = 120


def test_no_line_of_a_template_is_wider_than_a_person_reads():
    listed = subprocess.run(
        ["git", "ls-files", "*.html"], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    ).stdout.split()
    wide = [
        f"{name}:{number}: {len(line)} columns"
        for name in listed
        for number, line in enumerate((settings.BASE_DIR / name).read_text().splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert len(listed) > 50
    assert wide == []

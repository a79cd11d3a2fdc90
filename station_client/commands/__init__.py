"""The commands of `ppe-station`: one module for each group, imported only when one of its commands is run."""

OK, PROBLEMS, REFUSED = 0, 1, 3

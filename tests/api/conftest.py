"""Without schemathesis the walk over the schema is not run, and says so."""

from importlib.util import find_spec

collect_ignore = []
if find_spec("schemathesis") is None:
    print("not run here: tests/api/test_schema.py needs schemathesis")  # noqa: T201
    collect_ignore.append("test_schema.py")

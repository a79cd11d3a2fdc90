"""Settings of the tests: the real ones, on a data folder of their own that is removed at the end."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "PPE_TEST_DIR" not in os.environ:
    os.environ["PPE_TEST_DIR"] = tempfile.mkdtemp(prefix="ppe-test-")
    atexit.register(shutil.rmtree, os.environ["PPE_TEST_DIR"], ignore_errors=True)
_own = Path(os.environ["PPE_TEST_DIR"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["PPE_DATA_DIR"] = str(_own)
os.environ["PPE_TOKEN_DIRS"] = str(_own / "tokens")
os.environ["PPE_FLASH_DIRS"] = str(_own / "flash")
for _folder in ("tokens", "flash", "static"):
    (_own / _folder).mkdir(parents=True, exist_ok=True)

from ppe_portal.settings import *  # noqa: E402, F403 (the environment must be there first)
from ppe_portal.settings import DATABASES, PPE_DATA_DIR, Q_CLUSTER  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, so that threads and the live server see one database; nothing here has to survive a power cut.
    DATABASES["default"]["TEST"] = {"NAME": str(PPE_DATA_DIR / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
    )
Q_CLUSTER["orm"] = "default"

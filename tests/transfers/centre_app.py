"""The centre behind a web server, with its background work done by one thread of the same process."""

import threading
import time
from pathlib import Path

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.db import close_old_connections, connection  # noqa: E402

from common.work import jobs  # noqa: E402


def work():
    while True:
        time.sleep(0.2)
        if (Path(settings.PPE_DATA_DIR) / "hold").exists():  # a test wants no verdicts for a while
            continue
        close_old_connections()
        for name, rows in list(jobs._due.items()):
            for pk in list(rows().values_list("pk", flat=True)):
                jobs._jobs[name].run(pk)
        connection.close()


threading.Thread(target=work, daemon=True).start()

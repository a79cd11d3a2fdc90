"""Signs of life for supervisors and load balancers."""

import shutil

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from common import marks, space
from common.work import jobs, life


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers; tells disk space, the age of each heartbeat, lost numbers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    ages = {cluster: life.age(cluster) for cluster in jobs.CLUSTERS}
    beats = {cluster: age if age is None else round(age, 1) for cluster, age in ages.items()}
    free = shutil.disk_usage(settings.PPE_DATA_DIR).free
    # How often the database was found behind what the node had given out: it was put back from an older copy.
    behind = len({gap.at for gap in marks.gaps()})
    return JsonResponse(
        {
            "node": settings.PPE_NODE,
            "database": "ok",
            "heartbeat_age": beats,
            "disk_free": free,
            # No reason to start anything again: nothing but room on the disk helps.
            "disk": "low" if free < space.reserve() else "ok",
            "database_put_back": behind,
        }
    )

"""Signs of life for supervisors and load balancers."""

import shutil
import time

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from common import jobs


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers; tells disk space and the age of each cluster's heartbeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    beats = {}
    for cluster in jobs.CLUSTERS:
        file = jobs.beat_file(cluster)
        beats[cluster] = round(time.time() - file.stat().st_mtime, 1) if file.exists() else None
    free = shutil.disk_usage(settings.PPE_DATA_DIR).free
    return JsonResponse({"node": settings.PPE_NODE, "database": "ok", "heartbeat_age": beats, "disk_free": free})

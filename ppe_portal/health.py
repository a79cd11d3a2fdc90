"""Signs of life for supervisors and load balancers."""

import shutil

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse

from common import jobs, life


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database answers; tells disk space and the age of each cluster's heartbeat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    ages = {cluster: life.age(cluster) for cluster in jobs.CLUSTERS}
    beats = {cluster: age if age is None else round(age, 1) for cluster, age in ages.items()}
    free = shutil.disk_usage(settings.PPE_DATA_DIR).free
    return JsonResponse({"node": settings.PPE_NODE, "database": "ok", "heartbeat_age": beats, "disk_free": free})

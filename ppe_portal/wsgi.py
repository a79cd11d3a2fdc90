"""WSGI entry point of a node, served by granian."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from ppe_portal.exchange import WholeExchange
from ppe_portal.lines import Lines

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ppe_portal.settings")
# A quarter of the threads at most waits for people and machines that are not logged in.
application = WholeExchange(get_wsgi_application(), Lines(strangers=max(1, settings.PPE_WEB_THREADS // 4)))

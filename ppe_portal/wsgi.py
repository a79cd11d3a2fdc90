"""WSGI entry point of a node, served by granian."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from ppe_portal import arriving
from ppe_portal.exchange import WholeExchange
from ppe_portal.lines import Exchanges

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ppe_portal.settings")
portal = get_wsgi_application()
# A worker that takes the place of one that was killed removes the bodies that this one was reading.
arriving.sweep()
application = WholeExchange(portal, Exchanges(threads=settings.PPE_WEB_THREADS))

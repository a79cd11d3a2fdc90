"""WSGI entry point of a node, served by granian."""

import os

from django.core.wsgi import get_wsgi_application

from ppe_portal.exchange import WholeExchange

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ppe_portal.settings")
application = WholeExchange(get_wsgi_application())

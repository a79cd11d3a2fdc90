"""WSGI entry: `granian --interface wsgi ppe_portal.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ppe_portal.settings")
application = get_wsgi_application()

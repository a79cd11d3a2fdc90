"""Settings of one node. Everything that differs between nodes comes from the environment (docs/operations.md)."""

from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from ppe_portal.environment import (
    address,
    choice,
    flag,
    folder_list,
    hosts,
    kept_secret_key,
    seconds,
    secret,
    server,
    text,
    whole,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# --- the node -----------------------------------------------------------------------------------------------------

PPE_NODE = text("PPE_NODE", "hq")
PPE_MODE = text("PPE_MODE", "live")
PPE_DATA_DIR = Path(text("PPE_DATA_DIR") or str(BASE_DIR / "var" / PPE_NODE)).resolve()
PPE_DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
PPE_STATION = text("PPE_STATION", "01")
PPE_RCOI_URL = address("PPE_RCOI_URL")
PPE_RCOI_RESERVE_URL = address("PPE_RCOI_RESERVE_URL")
PPE_LINK_KBITS = whole("PPE_LINK_KBITS", 0, low=0)
PPE_TOKEN_DIRS = folder_list("PPE_TOKEN_DIRS")
PPE_FLASH_DIRS = folder_list("PPE_FLASH_DIRS")
PPE_SCAN_DIRS = folder_list("PPE_SCAN_DIRS")
PPE_PKCS11_MODULE = text("PPE_PKCS11_MODULE")
PPE_KEEP_SCANS_DAYS = whole("PPE_KEEP_SCANS_DAYS", 30, low=0)
PPE_DISK_RESERVE = whole("PPE_DISK_RESERVE_MB", 256, low=0) << 20
PPE_SWEEP_SECONDS = seconds("PPE_SWEEP_SECONDS", 5.0)
PPE_FEED_SECONDS = seconds("PPE_FEED_SECONDS", 30.0)
PPE_WATCHDOG_SECONDS = seconds("PPE_WATCHDOG_SECONDS", 120.0)
PPE_WEB_WORKERS = whole("PPE_WEB_WORKERS", 2, low=1)
PPE_WEB_THREADS = whole("PPE_WEB_THREADS", 64, low=4)

# --- Django ---------------------------------------------------------------------------------------------------------

SECRET_KEY = secret("PPE_SECRET_KEY") or kept_secret_key(PPE_DATA_DIR)
DEBUG = flag("PPE_DEBUG")
ALLOWED_HOSTS = hosts("PPE_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = hosts("PPE_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "ppe_portal.apps.PortalConfig",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_q",
    "drf_spectacular",
    "rest_framework",
    "common",
    "audit",
    "stations",
    "uploads",
    "keys",
    "journals",
    "scanning",
    "transfers",
    "day",
    "rcoi",
    "monitoring",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ppe_portal.middleware.content_security_policy",
    "ppe_portal.middleware.Sessions",
    "django.middleware.locale.LocaleMiddleware",
    "ppe_portal.middleware.plain_address",
    "ppe_portal.middleware.machine_address",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "ppe_portal.middleware.first_run",
    "ppe_portal.middleware.local_time",
    "ppe_portal.bodies.bounded_forms",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ppe_portal.urls"
WSGI_APPLICATION = "ppe_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ppe_portal.navigation.node",
            ],
        },
    },
]

# --- database: SQLite by default, PostgreSQL by PPE_DATABASE_URL ------------------------------------------------------

_database_url = server("PPE_DATABASE_URL", "postgres", "postgresql")
if _database_url:
    DATABASES = {
        "default": {**environ.Env.db_url_config(_database_url), "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": PPE_DATA_DIR / "db.sqlite3",
            # Opening SQLite, and the checkpoint when it closes, cost more than most requests.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                # A thousand stations at once queue for the one writer, and SQLite's queue is not a fair one.
                "timeout": 60,
                # A deferred transaction that turns into a writer fails at once with "database is locked".
                "transaction_mode": "IMMEDIATE",
                # FULL: a byte that was acknowledged must survive a power cut; NORMAL may lose the last commits.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people and sessions ----------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "stations.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
CSRF_FAILURE_VIEW = "common.web.unsent.stale_token"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_NAME = f"ppe_{PPE_NODE}_session"
CSRF_COOKIE_NAME = f"ppe_{PPE_NODE}_csrf"
SESSION_COOKIE_AGE = 14 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = flag("PPE_HTTPS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("PPE_BEHIND_TLS_PROXY") else None
X_FRAME_OPTIONS = "DENY"
# What no setting of a node can cure is not said at `check --deploy`: TLS stands before the node (deploy/nginx.conf), so
# redirecting to it and promising it for a year (HSTS) are the proxy's. On loopback alone there is no TLS to ask for.
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008"]
if not text("PPE_ALLOWED_HOSTS"):
    SILENCED_SYSTEM_CHECKS += ["security.W010", "security.W016"]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# What the log-in page carries for its page (common.web.unsent) is nobody's attempt to log in: it is not kept.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "unsent"]

# --- languages, time, files -------------------------------------------------------------------------------------------

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
#: The skin of the admin ships without Russian: its words lie beside ours, apart from what is collected.
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "skin", BASE_DIR / "wire" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
FORMAT_MODULE_PATH = ["ppe_portal.formats"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(text("PPE_STATIC_ROOT") or str(PPE_DATA_DIR / "static"))
if not text("PPE_STATIC_ROOT"):
    STATIC_ROOT.mkdir(exist_ok=True)  # the server of static files warns at every start of a folder that is not there
STATICFILES_DIRS = [BASE_DIR / "ppe_portal" / "static"]
WHITENOISE_USE_FINDERS = True
# A page may bring two thousand scanner files at once; each part is limited by its own rules (scanning.sources).
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_HANDLERS = ["ppe_portal.arriving.OwnFiles"]
FILE_UPLOAD_TEMP_DIR = str(PPE_DATA_DIR / "tmp")
(PPE_DATA_DIR / "tmp").mkdir(exist_ok=True, mode=0o700)

# --- queue: two clusters, each task a wake-up (docs/operations.md) ----------------------------------------------------

_redis_url = server("PPE_REDIS_URL", "redis", "rediss", "unix")
Q_CLUSTER = {
    "name": "default",
    "label": "django-q2",
    "workers": 1,
    "bulk": 1,
    "queue_limit": 1,
    "poll": 0.3,
    "timeout": 300,
    "retry": 1200,
    "max_attempts": 0,
    "ack_failures": True,
    "save_limit": -1,
    "catch_up": False,
    "scheduler": False,
    "recycle": 500,
    "max_rss": 500_000,
    "ALT_CLUSTERS": {
        "heavy": {"workers": 2, "queue_limit": 2, "timeout": 900, "retry": 3600},
        # One more than the deliveries at a time (transfers.link.DELIVERIES): the feed is read beside them.
        "link": {"workers": 3, "queue_limit": 3, "timeout": 180, "retry": 720},
    },
    **({"redis": _redis_url} if _redis_url else {"orm": "default"}),
}

# --- REST -------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["keys.authentication.MachineAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.web.api.SmallJson"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.web.api.WhateverIsAccepted",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PPE Portal",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ppe_portal.openapi.with_problems",
    ],
}

# --- the admin's skin -------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": _("PPE Portal"),
    "SITE_HEADER": "ppe_portal.navigation.site_header",
    "SITE_SUBHEADER": "ppe_portal.navigation.site_subheader",
    "SITE_SYMBOL": "fact_check",
    "SITE_URL": None,
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": False,
    "STYLES": ["ppe_portal.navigation.stylesheet"],
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "ppe_portal.navigation.favicon"}],
    "COLORS": {
        "primary": {
            "50": "oklch(96.2% .018 272.314)",
            "100": "oklch(93% .034 272.788)",
            "200": "oklch(87% .065 274.039)",
            "300": "oklch(78.5% .115 274.713)",
            "400": "oklch(67.3% .182 276.935)",
            "500": "oklch(58.5% .233 277.117)",
            "600": "oklch(51.1% .262 276.966)",
            "700": "oklch(45.7% .24 277.023)",
            "800": "oklch(39.8% .195 277.366)",
            "900": "oklch(35.9% .144 278.697)",
            "950": "oklch(25.7% .09 281.288)",
        }
    },
    "SIDEBAR": {"show_search": False, "navigation": "ppe_portal.navigation.sidebar"},
    "LOGIN": {"image": None},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": choice("PPE_LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    },
    "loggers": {"fontTools": {"level": "WARNING"}, "axes": {"level": "WARNING"}},
}

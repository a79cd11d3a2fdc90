"""System checks of the settings that can hurt. Each has an id and names its cure."""

import difflib
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from common.catalogues import lacking
from ppe_portal import environment


@register()
def node_kind(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """PPE_NODE and PPE_MODE say what they may say."""
    found: list[CheckMessage] = []
    if settings.PPE_NODE not in ("hq", "rcoi"):
        found.append(Error(f"PPE_NODE is {settings.PPE_NODE!r}", hint="Set PPE_NODE to hq or rcoi.", id="ppe.E001"))
    if settings.PPE_MODE not in ("live", "training"):
        found.append(
            Error(f"PPE_MODE is {settings.PPE_MODE!r}", hint="Set PPE_MODE to live or training.", id="ppe.E002")
        )
    return found


@register()
def mistyped(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every value could be read, and every variable is one that the node knows."""
    found: list[CheckMessage] = [
        Error(f"{each.name} is {each.value!r}", hint=f"Expected {each.expected}.", id="ppe.E010")
        for each in environment.mistakes
    ]
    known = environment.known_names()
    for name in sorted(name for name in os.environ if name.startswith("PPE_") and name not in known):
        if name.startswith("PPE_S3_"):
            hint = "This version keeps files on the local disk; an object store is not supported yet."
            found.append(Error(f"{name} is set", hint=hint, id="ppe.E011"))
            continue
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else "See docs/operations.md for the variables of a node."
        found.append(Warning(f"Nothing reads {name}", hint=hint, id="ppe.W004"))
    return found


@register()
def secret_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A secret stands in one place, and nobody else reads its file."""
    found: list[CheckMessage] = []
    for name in environment.SECRETS:
        path = os.environ.get(f"{name}_FILE")
        if not path:
            continue
        if os.environ.get(name):
            found.append(Error(f"{name} and {name}_FILE are both set", hint="Keep one of them.", id="ppe.E012"))
        if Path(path).exists() and Path(path).stat().st_mode & 0o077:
            found.append(Warning(f"{name}_FILE {path} is open to others", hint=f"chmod 600 {path}", id="ppe.W005"))
    return found


@register()
def catalogues(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Everything has its Russian: papers that are signed and printed are made from the catalogues."""
    found: list[CheckMessage] = []
    for folder in map(Path, settings.LOCALE_PATHS):
        unsaid = lacking(folder)
        if unsaid:
            shown = "; ".join(unsaid[:3])
            hint = "Install the version again; who develops it runs `make messages` and translates what is new."
            found.append(Error(f"{folder} does not say {len(unsaid)} sentences: {shown}", hint=hint, id="ppe.E020"))
    return found


@register()
def station_number(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The node is a scanning station with a number of two digits: it stands in the name of its journal."""
    if re.fullmatch(r"[0-9]{2}", settings.PPE_STATION, re.ASCII):
        return []
    return [Error(f"PPE_STATION is {settings.PPE_STATION!r}", hint="Two digits, such as 01.", id="ppe.E013")]


@register()
def broker(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The broker of the queue answers; without it work waits for the sweep, and the sweep for the broker."""
    address: Any = settings.Q_CLUSTER.get("redis")
    if not address:
        return []
    try:
        redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        hint = "Start Redis, or unset PPE_REDIS_URL: the queue then lives in the database."
        return [Warning(f"PPE_REDIS_URL does not answer: {error}", hint=hint, id="ppe.W006")]
    return []


@register()
def data_folder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The data folder takes a file, and only its owner reads it."""
    folder = Path(settings.PPE_DATA_DIR)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return [Error(f"PPE_DATA_DIR {folder}: {error}", hint="Name a folder this user may write.", id="ppe.E003")]
    if folder.stat().st_mode & 0o077:
        return [
            Warning(f"PPE_DATA_DIR {folder} is open to other users", hint="chmod 700 the folder.", id="ppe.W001"),
        ]
    return []


@register()
def named_folders(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Folders of tokens and flash drives are absolute and not inside the data folder."""
    found: list[CheckMessage] = []
    for name in ("PPE_TOKEN_DIRS", "PPE_FLASH_DIRS", "PPE_SCAN_DIRS"):
        for folder in getattr(settings, name):
            if not folder.is_absolute():
                found.append(Error(f"{name}: {folder} is relative", hint="Write absolute paths.", id="ppe.E004"))
            elif folder.resolve().is_relative_to(Path(settings.PPE_DATA_DIR).resolve()):
                found.append(
                    Error(f"{name}: {folder} lies in PPE_DATA_DIR", hint="Keep drives apart from data.", id="ppe.E005")
                )
            elif not folder.is_dir():
                hint = "Fine while the drive is out; otherwise correct the path."
                found.append(Warning(f"{name}: there is no {folder} now", hint=hint, id="ppe.W007"))
    return found


@register()
def queue_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """django-q2 starts a task again when `retry` runs out before `timeout`; that must not happen."""
    found: list[CheckMessage] = []
    queue: dict[str, Any] = settings.Q_CLUSTER
    clusters: dict[str, dict[str, Any]] = {"default": queue, **queue["ALT_CLUSTERS"]}
    for name, cluster in clusters.items():
        workers, limit = cluster.get("workers", 1), cluster.get("queue_limit", 1)
        if cluster["retry"] <= cluster["timeout"] * (limit / workers + 1):
            found.append(
                Error(f"Q_CLUSTER {name}: retry is too short", hint="retry > timeout × 2 + margin", id="ppe.E006")
            )
    if queue["max_attempts"] != 0 or not queue["ack_failures"]:
        found.append(Error("Q_CLUSTER: attempts are counted by our own rows", id="ppe.E007"))
    return found


@register()
def sqlite_durability(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An acknowledged byte must survive a power cut."""
    database = settings.DATABASES["default"]
    if "sqlite3" not in database["ENGINE"]:
        return []
    command = database.get("OPTIONS", {}).get("init_command", "")
    if "journal_mode=WAL" not in command or "synchronous=FULL" not in command:
        return [Error("SQLite must run in WAL mode with synchronous=FULL", id="ppe.E008")]
    return []


@register(deploy=True)
def public_node(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What a node on a network needs."""
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(Error("PPE_DEBUG is on", hint="Never in use.", id="ppe.E009"))
    if os.environ.get("PPE_ALLOWED_HOSTS") and not settings.SESSION_COOKIE_SECURE:
        found.append(
            Warning(
                "The node is reachable from outside without TLS",
                hint="Put TLS before it and set PPE_HTTPS=1: PINs are accepted over TLS or loopback only.",
                id="ppe.W002",
            )
        )
    if settings.PPE_NODE == "hq" and not settings.PPE_RCOI_URL:
        found.append(Warning("PPE_RCOI_URL is not set: packets leave by flash drive only", id="ppe.W003"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Warning("PPE_ALLOWED_HOSTS is *", hint="Name the hosts that the node answers to.", id="ppe.W008"))
    for name in ("PPE_RCOI_URL", "PPE_RCOI_RESERVE_URL"):
        address = urlsplit(getattr(settings, name))
        if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
            hint = "Packets are sealed, but who listens learns when they go; use https."
            found.append(Warning(f"{name} is a plain http address", hint=hint, id="ppe.W009"))
    return found

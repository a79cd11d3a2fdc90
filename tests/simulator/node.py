"""A node: this process imports the portal once, and forks a child for each life of the node.

``python -m tests.simulator.node hq|rcoi FD``: the settings come from the environment, as those of any node.
"""

import gc
import importlib
import io
import itertools
import logging
import os
import random
import signal
import socket
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import django
import httpx
import time_machine

from tests.simulator import chance
from tests.simulator.pipes import Answer, Channel, Done, Ended, Live, Order, Request

Act = Callable[..., Any]
#: What the portal imports only when it is needed.
_LATE = (
    "_strptime",
    "audit.management.commands.audit_verify",
    "cryptography.hazmat.backends.openssl.backend",
    "django.contrib.messages.storage.fallback",
    "django.contrib.sessions.serializers",
    "django.db.models.sql.compiler",
    "httpcore",
    "tests.day.world",
)
_sleep_really = time.sleep


class Life:
    """The child: real services under a clock, a line, a queue and a disk that belong to the world."""

    def __init__(self, channel: Channel, born: Live, acts: dict[str, Act]) -> None:
        self.channel, self.born, self.acts = channel, born, acts
        self.wakes: list[tuple[str, int]] = []
        self.order = Order("", {}, None, 0, 0)  # type: ignore[arg-type]
        self.passed = self.wrote = 0
        self.slept = 0.0
        self.clock: Any = None
        self.said: list[str] = []

    def live(self) -> None:
        """Do what is ordered until the world ends this life."""
        self._take_over()
        self.channel.send(Done(os.getpid()))
        first = self.channel.receive()
        with time_machine.travel(first.at, tick=False) as self.clock:
            while True:
                self.channel.send(self._do(first))
                first = self.channel.receive()
                self.clock.move_to(first.at)

    def _do(self, order: Order) -> Done:
        from tests.day import world

        self.order, self.passed, self.wrote, self.slept, self.wakes = order, 0, 0, 0.0, []
        self.said.clear()
        random.seed(order.seed)
        world._serials = itertools.count(order.serial)
        world._pictures = itertools.count(order.serial)
        said = Done()
        try:
            said.result = self.acts[order.act](**order.args)
        except Exception as error:
            said.refused, said.problem = _told(error)
        said.problem = said.problem or "".join(self.said[:1])
        said.wakes, said.slept, said.passed, said.wrote = self.wakes, self.slept, self.passed, self.wrote
        return said

    # --- what belongs to the world ------------------------------------------------------------------------------------

    def _take_over(self) -> None:
        from django.db.backends.base.base import BaseDatabaseWrapper

        from common.work import faultpoints, jobs

        chance.take_over(random)
        _heard(self.said)
        jobs._enqueue = lambda name, pk, cluster: self.wakes.append((name, pk))
        faultpoints.here = lambda name: self._point()
        httpx.HTTPTransport.handle_request = lambda _transport, request: self._ask(request)  # type: ignore[method-assign]
        time.sleep = self._sleep
        # Whoever measures how long something took, or gives up after a while, goes by the same clock.
        time.monotonic = time.time
        whole = BaseDatabaseWrapper.commit

        def commit(connection: Any) -> None:
            self._point()
            whole(connection)
            self._point()

        BaseDatabaseWrapper.commit = commit  # type: ignore[method-assign]
        self._disk()
        if self.born.plant:
            from tests.simulator import plants

            plants.plant(self.born.plant)

    def _point(self) -> None:
        """A place where a process may be killed."""
        self.passed += 1
        if self.passed == self.order.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def _sleep(self, seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():
            self.slept += seconds
            self.clock.shift(seconds)
        else:  # a watcher beside the work: it watches the real world, in which nothing hangs
            _sleep_really(seconds)

    def _disk(self) -> None:
        """Every sync is noted, may fail, and is a place to die before and after."""
        noted = os.open(self.born.synced, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        really = {name: getattr(os, name) for name in ("fsync", "fdatasync")}

        def sync(name: str) -> Callable[[int], None]:
            def synced(handle: int) -> None:
                self._point()
                self.wrote += 1
                if self.wrote == self.order.fail_at:
                    raise OSError(self.order.failure, os.strerror(self.order.failure))
                really[name](handle)
                path = str(Path(f"/proc/self/fd/{handle}").readlink())
                os.write(noted, _note(path, handle))
                self._point()

            return synced

        os.fsync, os.fdatasync = sync("fsync"), sync("fdatasync")

    def _ask(self, request: httpx.Request) -> httpx.Response:
        """Send a request over the world's line, whatever became of the answer."""
        path = request.url.raw_path.decode()
        headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers.raw]
        try:
            body = b"".join(request.stream)  # type: ignore[arg-type]
        except httpx.StreamConsumed:
            body = request.content
        self.channel.send(Request(request.method, path, headers, body))
        answer: Answer = self.channel.receive()
        if not answer.status:
            raise httpx.ReadError("the line broke", request=request)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)


class _Ears(logging.Handler):
    """Hears what is only written into the log: an exception that somebody caught, and nobody is told of."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the story of an exception."""
        if record.exc_info and record.exc_info[1] is not None:
            self.said.append(f"{record.getMessage()}\n{''.join(traceback.format_exception(record.exc_info[1]))}")


def _heard(said: list[str]) -> None:
    logging.disable(logging.WARNING)
    root = logging.getLogger()
    for each in [root, *(logging.getLogger(name) for name in list(root.manager.loggerDict))]:
        each.handlers.clear()
        each.propagate = True
    root.addHandler(_Ears(said))


def _note(path: str, handle: int) -> bytes:
    """What a sync made safe: of a folder the names in it, of a file its length."""
    if Path(path).is_dir():
        names = "\x1f".join(sorted(each.name for each in Path(path).iterdir()))
        return f"d\x1e{path}\x1e{names}\n".encode()
    return f"f\x1e{path}\x1e{os.fstat(handle).st_ino}\x1e{os.fstat(handle).st_size}\n".encode()


def _told(error: Exception) -> tuple[str, str]:
    """Return what a person is told of a refusal; or the traceback, where nobody would be."""
    from audit.moves import IllegalMoveError
    from wire.errors import PpeError

    if isinstance(error, PpeError):
        return str(getattr(error.message, "ru", error.message)) or error.code, ""
    if isinstance(error, IllegalMoveError):
        return str(error) or "illegal move", ""
    return "", traceback.format_exc()


#: Periodic task → when it ran last in this life.
_ran: dict[str, float] = {}


def run_periodic(tasks: "list[tuple[str, float, Callable[[], None]]]") -> None:
    """Run the chores whose time has come, as the watchdog does."""
    for name, every, run in tasks:
        if not 0 <= time.time() - _ran.get(name, -1e9) < every:
            _ran[name] = time.time()
            run()


class WebServer:
    """The node's own WSGI application, asked without a socket."""

    def __init__(self) -> None:
        from django.core.signals import got_request_exception

        from ppe_portal.wsgi import application

        self._application = application
        got_request_exception.connect(self._failed)

    def _failed(self, **_more: Any) -> None:
        logging.getLogger().error("a request failed", exc_info=sys.exc_info())

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        path, _mark, query = request.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(request.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, value in request.headers:
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        environ["HTTP_HOST"] = "localhost"
        environ["CONTENT_LENGTH"] = str(len(request.body))
        said: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            said[:] = [int(status.split()[0]), headers]

        body: Iterable[bytes] = self._application(environ, start_response)
        try:
            whole = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        return Answer(said[0], said[1], whole)


def _warm() -> None:
    """Do once what every life would do first: modules, addresses and sentences are read before any fork."""
    from django.apps import apps
    from django.urls import get_resolver
    from django.utils import translation

    from ppe_portal.wsgi import application

    assert application
    assert get_resolver().url_patterns
    for language in ("ru", "en"):
        with translation.override(language):
            translation.gettext("sheet")
    for name in _LATE:
        importlib.import_module(name)
    for model in apps.get_models():
        rows = model._base_manager.all()
        rows.query.get_compiler(rows.db).as_sql()  # nothing is asked: what a model knows of its fields is worked out
        assert model._meta._relation_tree is not None
        assert model._meta.get_fields()
    context = ssl.create_default_context()
    httpx._transports.default.create_ssl_context = lambda *_args, **_more: context  # type: ignore[attr-defined]
    gc.collect()
    gc.freeze()
    gc.disable()


def main() -> None:
    """Wait for lives, one after another."""
    kind, handle = sys.argv[1], int(sys.argv[2])
    channel = Channel(socket.socket(fileno=handle))
    django.setup()
    logging.disable(logging.CRITICAL)
    _warm()
    acts = importlib.import_module(f"tests.simulator.{'point' if kind == 'hq' else 'centre'}").ACTS
    channel.send(Done())
    while True:
        try:
            born = channel.receive()
        except EOFError:
            return
        pid = os.fork()
        if pid == 0:
            try:
                Life(channel, born, acts).live()
            except EOFError:
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        _pid, status = os.waitpid(pid, 0)
        channel.send(Ended(status))


if __name__ == "__main__":
    main()

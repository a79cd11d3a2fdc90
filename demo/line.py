"""The wire between the point and the centre: passes everything on, until somebody cuts it."""

import contextlib
import socket
import threading


class Line:
    """A relay of the loopback before the centre's port. What is cut answers nothing, as a dead line does."""

    def __init__(self, target: int) -> None:
        self._target, self._whole, self._open = target, True, True
        #: The first line of every request that met the dead line.
        self.tried: list[str] = []
        self._sockets: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the centre is reached through the line."""
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def cut(self) -> None:
        """Cut the line: what travels now is torn off, and nothing comes through."""
        self.tried.clear()
        self._whole = False
        self._tear()

    def mend(self) -> None:
        """Let everything pass again."""
        self._whole = True

    def close(self) -> None:
        """End the relay."""
        self._open = False
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._tear()

    def _tear(self) -> None:
        with self._guard:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while self._open:
            try:
                near, _address = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._meet, args=(near,), daemon=True).start()

    def _meet(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if not self._whole:
                near.settimeout(5)
                self.tried.append(near.recv(4096).partition(b"\r\n")[0].decode("latin-1"))
                return
            with socket.create_connection(("127.0.0.1", self._target), timeout=10) as far:
                far.settimeout(None)
                with self._guard:
                    self._sockets |= {near, far}
                back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
                back.start()
                self._pass_on(near, far)
                back.join()
                with self._guard:
                    self._sockets -= {near, far}

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        # The other side hears that nothing more comes, as it would without the relay.
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

"""One uploader of the `tus` benchmark: raw HTTP with `sendfile`, so that the client costs next to nothing."""

import base64
import socket
import sys
from pathlib import Path

CHUNK = 8 << 20


class SlowLine:
    """One connection, opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def ask(self, head: str, body: tuple[Path, int, int] | None = None) -> tuple[int, dict[str, str]]:
        self.socket.sendall(f"{head}Host: 127.0.0.1:{self.port}\r\nTus-Resumable: 1.0.0\r\n\r\n".encode())
        if body is not None:
            with body[0].open("rb") as file:
                self.socket.sendfile(file, body[1], body[2])
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.socket.recv(65536)
            if not piece:
                raise SystemExit("the server closed the line")
            data += piece
        lines = data.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:] if ":" in line)}
        if headers.get("connection", "").lower() == "close":
            self.socket.close()
            self.socket = self._connect()
        return int(lines[0].split()[1]), headers


def main(port: int, path: str, token: str, source: Path) -> None:
    size, line = source.stat().st_size, SlowLine(port)
    purpose = base64.b64encode(b"probe").decode()
    asked = f"POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nUpload-Length: {size}\r\n"
    status, headers = line.ask(f"{asked}Upload-Metadata: purpose {purpose}\r\nContent-Length: 0\r\n")
    if status != 201:
        raise SystemExit(f"not created: {status}")
    location = path.rstrip("/") + "/" + headers["location"].rstrip("/").rsplit("/", 1)[1]
    location += "/" if path.endswith("uploads/") else ""
    offset = 0
    while offset < size:
        count = min(CHUNK, size - offset)
        asked = f"PATCH {location} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nUpload-Offset: {offset}\r\n"
        asked += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {count}\r\n"
        status, headers = line.ask(asked, (source, offset, count))
        if status != 204:
            raise SystemExit(f"not taken: {status}")
        offset = int(headers["upload-offset"])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))

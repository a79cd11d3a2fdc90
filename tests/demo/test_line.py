import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from demo.line import Line


class Centre(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_args):
        pass


@pytest.fixture
def line():
    server = HTTPServer(("127.0.0.1", 0), Centre)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = Line(server.server_port)
    yield line
    line.close()
    server.shutdown()
    server.server_close()


def test_what_is_whole_passes_everything_on_and_what_is_cut_nothing(line):
    data = bytes(range(256)) * 4000
    with httpx.Client(base_url=line.url, trust_env=False) as client:
        assert client.post("/", content=data).content == data
        line.cut()
        with pytest.raises(httpx.TransportError):
            client.post("/packets", content=b"lost")
        with pytest.raises(httpx.TransportError):
            httpx.post(f"{line.url}/packets", content=b"lost", trust_env=False)
        assert "POST /packets HTTP/1.1" in line.tried
        line.mend()
        assert client.post("/", content=data).content == data

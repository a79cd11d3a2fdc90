"""The same application on another WSGI server than granian: the standard library's, with a thread per request."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.uploads.app import application


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


if __name__ == "__main__":
    make_server(
        "127.0.0.1", int(sys.argv[1]), application, server_class=Threads, handler_class=WSGIRequestHandler
    ).serve_forever()

import base64
import shutil
import socket
import struct

import pytest

from tests.support.upload_node import HQ, UploadNode, migrated


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """A data folder with an empty, migrated database."""
    folder = tmp_path_factory.mktemp("blank")
    migrated(folder)
    return folder


@pytest.fixture(scope="session")
def node(blank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    node = UploadNode(folder).start()
    yield node
    node.kill()


@pytest.fixture
def own_node(blank, tmp_path):
    """A node of this test alone, to be killed at will."""
    shutil.copytree(blank, tmp_path / "data")
    node = UploadNode(tmp_path / "data").start()
    yield node
    if node.process.poll() is None:
        node.kill()


def pack(**pairs):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".strip() for key, value in pairs.items())


def begin(client, length, **metadata):
    answer = client.post(
        "/api/v1/uploads/",
        headers={"Upload-Length": str(length), "Upload-Metadata": pack(**{"purpose": "probe", **metadata})},
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(client, location, offset, data, **headers):
    return client.patch(
        location,
        content=data,
        headers={"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset), **headers},
    )


def offset_of(client, location):
    answer = client.head(location)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


class RawPatch:
    """A PATCH whose body comes as slowly, and ends as badly, as the test wishes."""

    def __init__(self, node, location, length, offset=0, who=HQ):
        self.socket = socket.create_connection(("127.0.0.1", node.port))
        self.socket.sendall(
            f"PATCH {location} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {who}\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n".encode()
        )

    def send(self, data):
        self.socket.sendall(data)
        return self

    def vanish(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def status(self):
        self.socket.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(4096)
            if not piece:
                break
            head += piece
        return int(head.split()[1]) if head else 0

#!/usr/bin/env python3
"""A print station of another maker, written from docs/own-station.md alone: httpx, and openssl for every signature.

    station.py request DIR urn:ppe:print:78:0001:0001      makes the key and the request for a certificate
    station.py day DIR EXAM.zip FINGERPRINT HQ CENTRE      plays the day with the numbers in DIR/forms.json

Free to copy (Apache-2.0). It keeps nothing between two calls but the files in DIR.
"""

import base64
import hashlib
import json
import subprocess
import sys
import time
import urllib.parse
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx


def openssl(*words: object, given: bytes = b"") -> bytes:
    """Run openssl; a refusal of its own ends the program."""
    return subprocess.run(["openssl", *map(str, words)], input=given, stdout=subprocess.PIPE, check=True).stdout


def stamp() -> str:
    """Return the moment as the documents write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: object) -> bytes:
    """Return the one spelling of a JSON value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(data: bytes) -> str:
    """Return a hash in hex."""
    return hashlib.sha256(data).hexdigest()


def request(folder: Path, urn: str) -> None:
    """Make the key, which never leaves the folder, and the request that the centre signs."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"CSR_{'_'.join(urn.split(':')[2:])}.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "station.key"]
    words = ["-subj", f"/C=RU/CN={urn.split(':')[-1]}", "-addext", f"subjectAltName=URI:{urn}"]
    openssl("req", "-new", "-sha256", *key, "-out", folder / name, *words)
    (folder / "urn").write_text(urn)
    print(folder / name)


def certificates(pem: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield each certificate of a PEM file with the name that it speaks for, and its fingerprint."""
    end = b"-----END CERTIFICATE-----\n"
    for part in pem.split(end)[:-1]:
        text = openssl("x509", "-noout", "-ext", "subjectAltName", given=part + end).decode()
        yield (
            part + end,
            text.rpartition("URI:")[2].strip(),
            sha256(openssl("x509", "-outform", "DER", given=part + end)),
        )


def verified(blob: bytes, folder: Path, detached: Path | None = None) -> bytes:
    """Return what a CMS signature of the region stands over."""
    content = ["-content", detached] if detached else []
    words = ["-verify", "-binary", "-inform", "DER", "-CAfile", folder / "ca.pem", *content]
    return openssl("cms", *words, given=blob)


def take_package(folder: Path, path: str, fingerprint: str) -> dict[str, bytes]:
    """Believe the region's authority by its fingerprint, the package by its signature, each file by its hash."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    ((_pem, _name, found),) = certificates(files["ca.pem"])
    assert found == fingerprint.replace(":", "").lower(), "this is another region's authority"
    (folder / "ca.pem").write_bytes(files["ca.pem"])
    (folder / "package.json").write_bytes(files["package.json"])
    verified(files["package.json.p7s"], folder, detached=folder / "package.json")
    for each in json.loads(files["package.json"])["files"]:
        assert sha256(files[each["name"]]) == each["sha256"], each["name"]
    urn = (folder / "urn").read_text()
    mine = [pem for pem, name, _mark in certificates(files["certificates.pem"]) if name == urn]
    (folder / "station.pem").write_bytes(mine[-1])
    return files


def signed(folder: Path, data: bytes) -> bytes:
    """Return CMS SignedData with the content inside, DER."""
    words = ["-sign", "-binary", "-nodetach", "-md", "sha256", "-outform", "DER"]
    return openssl("cms", *words, "-signer", folder / "station.pem", "-inkey", folder / "station.key", given=data)


def sealed(folder: Path, data: bytes, pems: list[bytes]) -> bytes:
    """Return CMS AuthEnvelopedData for the holders of certificates, DER."""
    words: list[object] = []
    for number, pem in enumerate(pems):
        (folder / f"access-{number}.pem").write_bytes(pem)
        words += ["-recip", folder / f"access-{number}.pem", "-keyopt", "ecdh_kdf_md:sha256"]
    return openssl("cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", *words, given=data)


class Node:
    """A node of the portal, with a session."""

    def __init__(self, folder: Path, url: str) -> None:
        self.client = httpx.Client(base_url=url.rstrip("/"), timeout=60)
        challenge = self.ask("POST", "/api/v1/session/challenge/").json()["challenge"]
        answer = base64.b64encode(signed(folder, b"ppe-session/1\n" + challenge.encode())).decode()
        token = self.ask("POST", "/api/v1/session/", json={"signed": answer}).json()["token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask, again while the node says that it will pass; stop with its words otherwise."""
        for _try in range(6):
            answer = self.client.request(method, path, **more)
            if answer.status_code < 400:
                return answer
            problem = answer.json()
            if problem["permanent"] or "Retry-After" not in answer.headers:
                break
            time.sleep(int(answer.headers["Retry-After"]))
        sys.exit(f"{answer.status_code} {problem['code']}: {problem['detail']} {problem['cure']}")


def journal(folder: Path, day: Any, sitting: Any, post: Any, files: dict[str, bytes]) -> bytes:
    """Return the lines of a journal: each entry holds the hash of the line before it."""
    station, numbers = day["station"], json.loads((folder / "forms.json").read_text())
    fixed = {
        "format": "ppe-journal/1",
        "kind": station["kind"],
        "station": station["number"],
        "serial": station["serial"],
    }
    where = {"region": day["region"], "point": day["point"], "mode": sitting["mode"], "subject": sitting["subject"]}
    duty = {"room": post["room"], "sitting": sitting["key"], "duty": post["duty"]}
    lines = [canonical({**fixed, **where, **duty, "software": "example 1", "opened_at": stamp()})]

    def add(event: str, **data: object) -> None:
        entry = {"seq": len(lines), "at": stamp(), "event": event, "disposition": "success", "person": None}
        lines.append(canonical({**entry, "data": data, "prev": sha256(lines[-1])}))

    add("software_started", version="example 1")
    add("exam_started")
    for row in numbers:
        add("set_printed", set=row["set"])
    key = "-".join(sitting["key"].split("-")[2:])
    access = [each for each in certificates(files["access.pem"]) if f":{key}-v" in each[1]]
    envelope = sealed(folder, canonical(numbers), [pem for pem, _name, _mark in access])
    marks = [mark for _pem, _name, mark in access]
    add("forms_sealed", p7m=base64.b64encode(envelope).decode(), count=len(numbers), recipients=marks)
    add("exam_finished")
    add("journal_closed")
    return b"".join(line + b"\n" for line in lines)


def by_tus(node: Node, name: str, data: bytes, piece: int = 1 << 20) -> Any:
    """Send a file in pieces, each from where the node stands, and return what became of it."""
    said = {"purpose": "journal", "filename": name}
    words = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    tus = {"Tus-Resumable": "1.0.0"}
    begun = {**tus, "Upload-Length": str(len(data)), "Upload-Metadata": words}
    where = node.ask("POST", "/api/v1/uploads/", headers=begun).headers["Location"]
    while (at := int(node.ask("HEAD", where, headers=tus).headers["Upload-Offset"])) < len(data):
        head = {**tus, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        node.ask("PATCH", where, headers=head, content=data[at : at + piece])
    while not (told := node.ask("GET", where).json())["finished"]:
        time.sleep(1)
    return told["result"] or told["problem"]


def play(folder: Path, path: str, fingerprint: str, hq: str, centre: str) -> None:
    """Play the day of the station."""
    files = take_package(folder, path, fingerprint)
    node = Node(folder, hq)
    day = node.ask("GET", "/api/v1/station/configuration/").json()
    beat = node.ask("POST", "/api/v1/station/heartbeat/", json={"state": "working", "at": stamp(), "paper": 60})
    print("clock is ahead by", beat.json()["skew_seconds"], "s")
    sitting, post = day["sittings"][0], day["sittings"][0]["posts"][0]
    blob, name = signed(folder, journal(folder, day, sitting, post, files)), post["journal"]
    (folder / name).write_bytes(blob)
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{urllib.parse.quote(name)}",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    print("sent:", node.ask("POST", "/api/v1/journals/", content=blob, headers=headers).json()["state"])
    print("in pieces:", by_tus(node, name, blob)["state"])
    far = Node(folder, centre)
    for row in far.ask("GET", "/api/v1/feed/?after=0").json()["items"]:
        item = json.loads(verified(base64.b64decode(row["item"]), folder))
        print("feed:", item["number"], item["kind"])
        if item["kind"] == "receipt":
            said = json.loads(verified(base64.b64decode(item["body"]["p7m"]), folder))
            stored = far.ask("GET", f"/api/v1/receipts/{said['sha256']}/").content
            print("receipt:", json.loads(verified(stored, folder))["level"], said["sha256"])


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "request":
        request(Path(sys.argv[2]), sys.argv[3])
    elif len(sys.argv) == 7 and sys.argv[1] == "day":
        play(Path(sys.argv[2]), *sys.argv[3:])
    else:
        sys.exit(__doc__)

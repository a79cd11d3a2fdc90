"""Requests as they come from other makers' machines and through other people's networks, byte for byte."""

import base64
import gzip
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

V1 = "/api/v1/"
JSON = "application/json"
TUS: dict[str, str | bytes] = {"Tus_Resumable": "1.0.0"}
OCTETS = "application/offset+octet-stream"
BEAT = json.dumps({"state": "working", "at": "2026-05-29T07:30:00.000000Z"}).encode()
SHA = "0" * 64


@dataclass(frozen=True)
class Oddity:
    """A request, and the answers that it may have.

    Attributes:
        name: What is odd about it.
        raw: Its bytes; ``@TOKEN@`` and ``@PORT@`` are put in.
        codes: The answers that are right, as ``404 not_found`` or ``204``.
        server: Whether it is no HTTP, and each server or proxy refuses it by itself before anything of ours is asked.
    """

    name: str
    raw: bytes
    codes: tuple[str, ...]
    server: bool = False


def request(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    host: bytes | None = b"127.0.0.1",
    version: str = "HTTP/1.1",
    length: str | None = "",
    token: bool = True,
    **headers: str | bytes,
) -> bytes:
    """Return the bytes of a request; ``_`` in the name of a header stands for ``-``."""
    lines = [f"{method} {path} {version}".encode("utf-8", "surrogateescape")]
    if host is not None:
        lines.append(b"Host: " + host)
    lines.append(b"Connection: close")
    if token:
        lines.append(b"Authorization: Bearer @TOKEN@")
    if length is not None and (body or length or method in ("POST", "PATCH", "PUT")):
        lines.append(f"Content-Length: {length or len(body)}".encode())
    for name, value in headers.items():
        lines.append(name.replace("_", "-").encode() + b": " + (value.encode() if isinstance(value, str) else value))
    return b"\r\n".join([*lines, b"", body])


def chunks(body: bytes, size: int = 7, end: bytes = b"0\r\n\r\n") -> bytes:
    """Return a body in chunks of no announced length."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def metadata(**pairs: str | bytes) -> str:
    """Return an Upload-Metadata header."""
    made = []
    for key, value in pairs.items():
        data = value if isinstance(value, bytes) else value.encode()
        made.append(f"{key} {base64.b64encode(data).decode()}")
    return ",".join(made)


def answered(port: int, raw: bytes, token: str) -> tuple[int, dict[str, str], bytes]:
    """Send bytes, and return status, headers and body of the last answer; 0 when the line was closed without one."""
    sent = raw.replace(b"@TOKEN@", token.encode()).replace(b"@PORT@", str(port).encode())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(sent)
        told = b""
        try:
            while piece := line.recv(65536):
                told += piece
        except ConnectionResetError:
            pass
    while told.startswith((b"HTTP/1.1 100", b"HTTP/1.0 100")):
        told = told.partition(b"\r\n\r\n")[2]
    head, _, body = told.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = re.match(r"HTTP/1\.[01] (\d{3})", lines[0])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _joined(body)
    return int(status[1]) if status else 0, headers, body


def _joined(body: bytes) -> bytes:
    made = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        number = int(size, 16)
        made, body = made + body[:number], body[number + 2 :]
        if not number:
            break
    return made


def said(status: int, headers: dict[str, str], body: bytes) -> str:
    """Return an answer as the table writes it: its status, and the code of a refusal."""
    if headers.get("content-type", "").startswith("application/problem+json") and body:
        return f"{status} {json.loads(body)['code']}"
    return str(status)


def odd(name: str, raw: bytes, *codes: str) -> Oddity:
    """Return an oddity that reaches our program."""
    return Oddity(name, raw, codes)


def no_http(name: str, raw: bytes) -> Oddity:
    """Return what no server takes for a request."""
    return Oddity(name, raw, (), server=True)


def oddities() -> list[Oddity]:
    """Return the table."""
    parts = (_addresses, _methods, _lengths, _encodings, _kinds, _logins, _hosts, _headers, _documents, _names)
    return [each for part in (*parts, _uploads, _servers) for each in part()]


def _addresses() -> Iterator[Oddity]:
    for path in ("/api", "/api/", "/api/v1", "/api/v1/nothing/", "/api/v2/session/", "//api//v1//schema/", "/API/v1/"):
        yield odd(f"the address {path}", request("GET", path), "404 not_found")
    yield odd("dots that lead out", request("GET", "/api/v1/../../login/"), "404 not_found")
    yield odd("dots in disguise", request("GET", "/api/v1/%2e%2e/%2e%2e/login/"), "404 not_found")
    yield odd("a zero byte", request("GET", "/api/v1/%00/"), "400 bad_request")
    yield odd("a zero byte in a parameter", request("GET", f"{V1}feed/?after=%00"), "400 bad_request")
    yield odd("half a letter", request("GET", "/api/v1/%ff%fe/"), "404 not_found")
    yield odd("a line within", request("GET", "/api/v1/%0d%0aSet-Cookie:a=b/"), "404 not_found")
    yield odd("a form to nowhere", request("POST", f"{V1}nothing/", b"a=b"), "404 not_found")
    yield odd("no last slash", request("GET", f"{V1}station/configuration"), "200")
    yield odd("no last slash, with a body", request("POST", f"{V1}station/heartbeat", BEAT, Content_Type=JSON), "200")
    yield odd("an absolute form", request("GET", f"http://127.0.0.1{V1}station/configuration/"), "200")
    yield odd("an absolute form to nowhere", request("GET", "http://127.0.0.1:@PORT@/api/v1/x/"), "404 not_found")
    yield odd("parameters nobody knows", request("GET", f"{V1}station/configuration/?a[]=1&a=2&%ff=%fe&=&&"), "200")
    yield odd("a form of answers that is none", request("GET", f"{V1}schema/?format=html"), "404 not_found")
    yield odd("a digest that is none", request("GET", f"{V1}journals/..%2f/"), "404 journal_not_found", "404 not_found")


def _methods() -> Iterator[Oddity]:
    doors = ("session/challenge/", "session/", "station/configuration/", "station/heartbeat/", "journals/", "schema/")
    for door in doors:
        yield odd(f"OPTIONS of {door}", request("OPTIONS", V1 + door), "200")
        yield odd(f"HEAD of {door}", request("HEAD", V1 + door), "200" if "conf" in door or "sch" in door else "405")
    for door in doors[2:]:
        yield odd(f"PUT to {door}", request("PUT", V1 + door, BEAT, Content_Type=JSON), "405 method_not_allowed")
    yield odd("a method that nobody knows", request("BREW", f"{V1}journals/"), "405 method_not_allowed")
    yield odd("WebDAV of a Windows drive", request("PROPFIND", f"{V1}journals/", Depth="0"), "405 method_not_allowed")
    overridden = request("POST", f"{V1}station/heartbeat/", BEAT, Content_Type=JSON, X_HTTP_Method_Override="DELETE")
    yield odd("another method in a header", overridden, "200")


def _lengths() -> Iterator[Oddity]:
    beat, journals, login = f"{V1}station/heartbeat/", f"{V1}journals/", f"{V1}session/"
    loose: dict[str, str] = {"Transfer_Encoding": "chunked", "Content_Type": JSON}
    yield odd("a heartbeat in chunks", request("POST", beat, chunks(BEAT), length=None, **loose), "200")
    signed = chunks(b'{"signed": "x"}')
    yield odd("a login in chunks", request("POST", login, signed, length=None, **loose), "400 malformed_document")
    yield odd("no body, in chunks", request("POST", beat, chunks(b""), length=None, **loose), "400 invalid")
    much = chunks(b" " * 300_000, 9000)
    yield odd("too much, in chunks", request("POST", beat, much, length=None, **loose), "413 body_too_big")
    journal = request("POST", journals, chunks(b"no journal"), length=None, Transfer_Encoding="chunked")
    yield odd("a journal in chunks", journal, "422 not_a_journal")
    nothing = request("POST", journals, chunks(b""), length=None, Transfer_Encoding="chunked")
    yield odd("no journal, in chunks", nothing, "400 journal_empty")
    nowhere = request("POST", f"{V1}x/", chunks(b"no journal"), length=None, Transfer_Encoding="chunked")
    yield odd("chunks to nowhere", nowhere, "404 not_found")
    stranger = request("POST", journals, chunks(b"x" * 99), length=None, token=False, Transfer_Encoding="chunked")
    yield odd("a stranger's chunks", stranger, "401 not_authenticated")
    yield odd("neither body nor length", request("POST", journals, length=None), "400 journal_empty")
    yield odd("a body to a GET", request("GET", f"{V1}station/configuration/", b"hello", Content_Type=JSON), "200")
    for said in ("100-continue", "100-Continue"):
        yield odd(f"Expect: {said}", request("POST", beat, BEAT, Content_Type=JSON, Expect=said), "200")


def _encodings() -> Iterator[Oddity]:
    beat = f"{V1}station/heartbeat/"
    for said in ("gzip", "GZIP", "x-gzip", "deflate", "br", "gzip, identity", "klingon"):
        raw = request("POST", beat, gzip.compress(BEAT), Content_Type=JSON, Content_Encoding=said)
        yield odd(f"a body in {said}", raw, "415 encoded_body")
    for door in ("journals/", "session/", "uploads/", "nothing/"):
        raw = request("POST", V1 + door, gzip.compress(BEAT), Content_Encoding="gzip", **TUS)
        yield odd(f"a compressed body to {door}", raw, "415 encoded_body")
    plain = request("POST", beat, BEAT, Content_Type=JSON, Content_Encoding="identity")
    yield odd("a body in its own form", plain, "200")


def _kinds() -> Iterator[Oddity]:
    beat, day = f"{V1}station/heartbeat/", f"{V1}station/configuration/"
    for said in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "json",
        "application/vnd.api+json",
        b"\xff",
    ):
        raw = request("POST", beat, BEAT, Content_Type=said)
        yield odd(f"the media type {said!r}", raw, "415 unsupported_media_type")
    for said in ("application/json; charset=utf-8", "application/JSON", "application/json;;;"):
        yield odd(f"the media type {said}", request("POST", beat, BEAT, Content_Type=said), "200")
    for said in ("text/html", "application/xml", "*/*;q=0", "garbage;;", "application/problem+json", "image/*"):
        yield odd(f"Accept: {said}", request("GET", day, Accept=said), "200")
        yield odd(f"Accept: {said}, to nowhere", request("GET", f"{V1}x/", Accept=said), "404 not_found")


def _logins() -> Iterator[Oddity]:
    day = f"{V1}station/configuration/"
    for said in (b"Basic YTpi", b"Bearer\t@TOKEN@", b"Token x", b"", b"Bearer, Bearer"):
        yield odd(
            f"Authorization: {said!r}", request("GET", day, token=False, Authorization=said), "401 not_authenticated"
        )
    for said in (b"Bearer", b"Bearer x", b"Bearer " + b"x" * 5000):
        raw = request("GET", day, token=False, Authorization=said)
        yield odd(f"Authorization: {said[:20]!r}", raw, "401 authentication_failed")
    for said in (b"bearer @TOKEN@", b"BEARER  @TOKEN@"):
        yield odd(f"Authorization: {said!r}", request("GET", day, token=False, Authorization=said), "200")
    cookie = request("GET", day, token=False, Cookie="ppe_hq_session=x; ;;=;a", X_CSRFToken="x")
    yield odd("a browser's cookies", cookie, "401 not_authenticated")
    yield odd("a stranger to a door", request("POST", f"{V1}journals/", b"x", token=False), "401 not_authenticated")
    yield odd("a stranger's upload", request("POST", f"{V1}uploads/", token=False, **TUS), "401 not_authenticated")


def _hosts() -> Iterator[Oddity]:
    day = f"{V1}station/configuration/"
    for said in (b"evil.example", b"xn--j1aef.xn--p1ai", b"127.0.0.1, evil.example"):
        # A proxy refuses by itself what is no name.
        yield odd(f"Host: {said!r}", request("GET", day, host=said), "400 unknown_host", "400 bad_request")
    for said in (b"LOCALHOST", b"localhost.", b"[::1]", b"127.0.0.1:65535"):
        yield odd(f"Host: {said!r}", request("GET", day, host=said), "200")
    told = request("GET", day, X_Forwarded_Host="evil.example", X_Forwarded_Proto="ftp", Forwarded="for=x")
    yield odd("what a proxy says", told, "200")
    yield odd("HTTP/1.0", request("GET", day, version="HTTP/1.0"), "200")


def _headers() -> Iterator[Oddity]:
    day = f"{V1}station/configuration/"
    yield odd("many headers", request("GET", day, **{f"X_{at}": "y" for at in range(80)}), "200")
    yield odd("a long header", request("GET", day, X_Long="y" * 7000), "200")
    yield odd("letters of another alphabet", request("GET", day, X_Name="Пункт"), "200")
    yield odd("bytes of no alphabet", request("GET", day, X_Name=b"\xe9\xff"), "200")
    yield odd("a part of the answer", request("GET", day, Range="bytes=0-1", If_Range="x"), "200")
    yield odd("what it has already", request("GET", day, If_None_Match="*", If_Modified_Since="garbage"), "200")
    yield odd("a language nobody speaks", request("GET", f"{V1}x/", Accept_Language="zz-ZZ;q=x, *"), "404 not_found")
    yield odd("another site", request("GET", day, Origin="https://evil.example", Referer="x"), "200")
    for key in (b"x" * 101, b"a b"):
        raw = request("POST", f"{V1}station/heartbeat/", BEAT, Content_Type=JSON, Idempotency_Key=key)
        yield odd(f"Idempotency-Key: {key[:9]!r}", raw, "400 idempotency_key")


def _documents() -> Iterator[Oddity]:
    beat = f"{V1}station/heartbeat/"
    wrong: dict[str, tuple[bytes, str]] = {
        "nothing": (b"", "400 invalid"),
        "null": (b"null", "400 invalid"),
        "a list": (b"[]", "400 invalid"),
        "a text": (b'"x"', "400 invalid"),
        "a bracket": (b"{", "400 malformed_document"),
        "brackets without end": (b"[" * 9000, "400 malformed_document"),
        "a mark of Windows before it": (b"\xef\xbb\xbf" + BEAT, "400 malformed_document"),
        "UTF-16": (BEAT.decode().encode("utf-16"), "400 malformed_document"),
        "CP1251": ('{"note": "печать"}'.encode("cp1251"), "400 malformed_document"),
        "infinity": (b'{"state": "working", "paper": 1e999}', "400 malformed_document"),
        "a number without end": (b'{"paper": ' + b"9" * 5000 + b"}", "400 malformed_document"),
        "a field twice": (b'{"state": "working", "state": "x"}', "400 malformed_document"),
        "half a letter": (b'{"note": "\\ud800"}', "400 malformed_document"),
        "a wrong number": (BEAT[:-1] + b', "paper": 101}', "400 invalid"),
        "more behind it": (BEAT + b"x", "400 malformed_document"),
        "too much": (b" " * 300_000, "413 body_too_big"),
        "no such day": (b'{"state": "working", "at": "2026-02-31T00:00:00.000000Z"}', "400 malformed_document"),
    }
    for name, (body, code) in wrong.items():
        yield odd(f"JSON: {name}", request("POST", beat, body, Content_Type=JSON), code)


#: Names of files as clients write them into Content-Disposition, and as nobody should.
NAMES = (
    b"attachment; filename=END_PRINT.dat",
    b"attachment; filename*=UTF-8''END_%D0%9F.dat",
    b"attachment; filename*=utf-8'ru'END_%D0%9F.dat",
    b"attachment; filename*=windows-1251''END_%CF.dat",
    b"attachment; filename*=klingon''x",
    b"attachment; filename*=UTF-8''%FF%FE",
    b"attachment; filename*=''",
    'attachment; filename="END_Русский язык.dat"'.encode(),
    'attachment; filename="END_Русский язык.dat"'.encode("cp1251"),
    b'attachment; filename="=?utf-8?B?RU5EX9Cf?="',
    b"attachment; filename=../../etc/passwd",
    b'attachment; filename="C:\\Temp\\END.dat"',
    b'attachment; filename="' + b"x" * 4000 + b'.dat"',
    b'attachment; filename="a%00b"',
    b"attachment; filename=",
    b";;;",
    b"filename",
    b"\xff",
)


def _names() -> Iterator[Oddity]:
    for name in NAMES:
        raw = request("POST", f"{V1}journals/", b"no journal", Content_Disposition=name)
        yield odd(f"Content-Disposition: {name[:50]!r}", raw, "422 not_a_journal")


def _uploads() -> Iterator[Oddity]:
    door = f"{V1}uploads/"

    def begin(name: str, *codes: str, body: bytes = b"", **more: str | bytes) -> Oddity:
        said = {"Upload_Length": "10", "Upload_Metadata": metadata(purpose="journal"), **TUS, **more}
        return odd(f"an upload: {name}", request("POST", door, body, **said), *codes)

    yield odd("what the uploads can", request("OPTIONS", door), "204")
    yield odd("HEAD of the uploads", request("HEAD", door), "405")
    yield odd("the list of uploads", request("GET", door), "405 method_not_allowed")
    yield begin("another version", "412 wrong_tus_version", Tus_Resumable="0.2.2")
    for length in ("-1", "1.5", "1e3", "", "9" * 30, "x"):
        yield begin(f"Upload-Length {length[:9]!r}", "400 bad_header", Upload_Length=length)
    yield begin("too big", "413 too_large", Upload_Length="9" * 14)
    for said in ("x", "purpose", "purpose !!!", "purpose eA==,purpose eA==", "purpose /w==", "a" * 7000):
        yield begin(f"metadata {said[:20]!r}", "400 bad_header", "400 unknown_purpose", Upload_Metadata=said)
    yield begin("of no purpose", "400 unknown_purpose", Upload_Metadata=metadata(purpose="nobody's"))
    yield begin("deferred", "400 bad_header", Upload_Defer_Length="1", Upload_Length="")
    yield begin("a checksum that is none", "400 bad_header", Upload_Checksum="sha256")
    yield begin("a checksum of nobody", "400 unknown_checksum", Upload_Checksum="md5 eA==")
    for name in ("../../etc/passwd", "C:\\END.dat", "x" * 3000, "\u202edat.exe", "END_Русский.dat", "\n"):
        said = metadata(purpose="journal", filename=name)
        yield begin(f"named {name[:20]!r}", "201", body=b"0123456789", Upload_Metadata=said, Content_Type=OCTETS)
    yield begin(
        "a zero byte in the name", "400 bad_header", Upload_Metadata=metadata(purpose="journal", filename=b"a\0")
    )
    loose = {
        "Upload_Length": "10",
        "Upload_Metadata": metadata(purpose="journal"),
        "Transfer_Encoding": "chunked",
        **TUS,
    }
    whole = chunks(b"0123456789")
    yield odd("an upload in chunks", request("POST", door, whole, length=None, Content_Type=OCTETS, **loose), "201")
    yield odd("an upload begun in chunks", request("POST", door, chunks(b""), length=None, **loose), "201")
    gone = f"{door}{'0' * 32}/"
    yield odd("an upload of nobody", request("HEAD", gone, **TUS), "404")
    yield odd("a piece for nobody", request("PATCH", gone, b"x", Upload_Offset="0", **TUS), "404 upload_unknown")
    yield odd("an upload that is none", request("GET", f"{door}x/"), "404 not_found")


def _servers() -> Iterator[Oddity]:
    beat, day = f"{V1}station/heartbeat/", f"{V1}station/configuration/"
    for length in ("-1", "+2", "2, 3", "abc", "0x2"):
        yield no_http(f"Content-Length: {length}", request("POST", beat, BEAT, length=length))
    twice = request("POST", beat, BEAT).replace(b"Connection", b"Content-Length: 1\r\nConnection")
    yield no_http("two lengths", twice)
    yield no_http("another framing", request("POST", beat, BEAT, length=None, Transfer_Encoding="bogus"))
    yield no_http("a space in the address", request("GET", f"{V1}n o/"))
    yield no_http("raw bytes in the address", request("GET", f"{V1}\udcff\udcfe/"))
    yield no_http("a folded header", request("GET", day).replace(b"Connection", b"X-F: a\r\n b\r\nConnection"))
    yield no_http("a space before the colon", request("GET", day).replace(b"Connection", b"X-F : a\r\nConnection"))
    yield no_http("a zero byte in a header", request("GET", day, X_N=b"a\0b"))
    yield no_http("HTTP/3.0", request("GET", day, version="HTTP/3.0"))
    yield no_http("too many headers", request("GET", day, **{f"X_{at}": "y" for at in range(200)}))
    yield no_http("two hosts", request("GET", day).replace(b"Connection", b"Host: evil.example\r\nConnection"))
    chunk = {"length": None, "Content_Type": JSON, "Transfer_Encoding": "chunked"}
    yield no_http("chunks that are none", request("POST", beat, b"zz\r\n", **chunk))  # type: ignore[arg-type]

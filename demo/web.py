"""A person's browser, as small as it can be: pages, the forms on them, the messages they answer with."""

import re
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx

Values = Mapping[str, str | Sequence[str]]


class ActorError(Exception):
    """A player saw something that a person could not go on from."""


class Refused(ActorError):  # noqa: N818 (it is an answer of the page, not an error of ours)
    """The page answered a form with a refusal."""

    def __init__(self, messages: Sequence["WebMessage"]) -> None:
        super().__init__("; ".join(message.text for message in messages)[:1500])
        self.messages = tuple(messages)

    @property
    def codes(self) -> set[str]:
        """The stable codes of the refusals."""
        return {message.code for message in self.messages}


@dataclass(frozen=True, slots=True)
class WebMessage:
    """One message of a page."""

    level: str
    code: str
    text: str


@dataclass(slots=True)
class WebForm:
    """One form of a page, with the values it already carries."""

    id: str
    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    options: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

    def says(self, **wanted: str) -> bool:
        """Whether the form carries these values, or offers them."""
        return all(
            any(value in said for said in (*self.values.get(name, []), *(key for key, _ in self.options.get(name, []))))
            for name, value in wanted.items()
        )


@dataclass(slots=True)
class WebPage:
    """What a person sees."""

    url: str
    status: int
    text: str
    every_form: tuple[WebForm, ...]
    messages: tuple[WebMessage, ...]
    links: tuple[tuple[str, str], ...]

    @property
    def forms(self) -> dict[str, WebForm]:
        """The forms by id; of several with one id the first."""
        return {form.id: form for form in reversed(self.every_form)}

    def form(self, form_id: str) -> WebForm:
        """Return a form by its id.

        Raises:
            ActorError: There is no such form on the page.
        """
        try:
            return self.forms[form_id]
        except KeyError:
            known = ", ".join(sorted(self.forms)) or "none"
            raise ActorError(f"{self.url}: no form {form_id!r} (there are: {known})") from None

    def forms_like(self, prefix: str) -> list[WebForm]:
        """Return the forms whose id begins with a prefix."""
        return [form for form in self.every_form if form.id.startswith(prefix)]


class _Reader(HTMLParser):
    """Collects forms, messages and links."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[WebForm] = []
        self.messages: list[WebMessage] = []
        self.links: list[tuple[str, str]] = []
        self._form: WebForm | None = None
        self._select: tuple[str, bool] | None = None
        self._option: tuple[str | None, bool] | None = None
        self._area: str | None = None
        self._message: tuple[str, str] | None = None
        self._link: str | None = None
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = WebForm(said.get("id", ""), said.get("action", ""), said.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in said:
            self._link, self._words = said["href"], []
        elif "data-code" in said and "data-level" in said:
            code = next((part[5:] for part in said["data-code"].split() if part.startswith("code-")), said["data-code"])
            self._message, self._words = (said["data-level"], code), []
        elif self._form is not None:
            self._control(tag, said)

    def _control(self, tag: str, said: dict[str, str]) -> None:
        form, name = self._form, said.get("name", "")
        assert form is not None  # noqa: S101 (the caller looked)
        if tag == "input" and name:
            self._input(form, name, said)
        elif tag == "button" and name and "disabled" not in said:
            form.options.setdefault(name, []).append((said.get("value", ""), ""))
        elif tag == "select":
            self._select = (name, "multiple" in said)
            form.options.setdefault(name, [])
        elif tag == "option" and self._select is not None:
            self._end_option()
            self._option, self._words = (said.get("value"), "selected" in said), []
        elif tag == "textarea":
            self._area, self._words = name, []

    def _input(self, form: WebForm, name: str, said: dict[str, str]) -> None:
        kind = said.get("type", "text").lower()
        if "disabled" in said or kind in ("submit", "button", "image"):
            return
        if kind == "file":
            form.files.add(name)
        elif kind in ("checkbox", "radio"):
            value = said.get("value", "on")
            form.options.setdefault(name, []).append((value, said.get("aria-label", "")))
            if "checked" in said:
                form.values.setdefault(name, []).append(value)
        else:
            form.values.setdefault(name, []).append(said.get("value", ""))

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def _end_option(self) -> None:
        if self._option is None or self._select is None or self._form is None:
            return
        (value, selected), (name, _multiple) = self._option, self._select
        words = " ".join("".join(self._words).split())
        self._form.options[name].append((words if value is None else value, words))
        if selected:
            self._form.values.setdefault(name, []).append(words if value is None else value)
        self._option = None

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._words).split())
        if tag == "form":
            self._form = None
        elif tag == "option":
            self._end_option()
        elif tag == "select" and self._select is not None:
            self._end_option()
            name, multiple = self._select
            if self._form and not multiple and name not in self._form.values and self._form.options[name]:
                self._form.values[name] = [self._form.options[name][0][0]]
            self._select = None
        elif tag == "textarea" and self._area is not None:
            if self._form:
                self._form.values.setdefault(self._area, []).append("".join(self._words).lstrip("\n"))
            self._area = None
        elif tag == "a" and self._link is not None:
            self.links.append((self._link, words))
            self._link = None
        elif tag in ("li", "p", "div") and self._message is not None:
            self.messages.append(WebMessage(*self._message, words))
            self._message = None


def read_page(text: str, *, url: str = "", status: int = 200) -> WebPage:
    """Read a page's forms, messages and links."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return WebPage(url, status, text, tuple(reader.forms), tuple(reader.messages), tuple(reader.links))


class Browser:
    """One person at one node: cookies, pages, forms. Nothing that a browser without JavaScript could not do."""

    def __init__(self, base_url: str, *, who: str = "", timeout: float = 120) -> None:
        self.who = who
        self.client = httpx.Client(
            base_url=base_url,
            follow_redirects=True,
            timeout=timeout,
            headers={"Accept-Language": "ru", "Accept": "text/html"},
            trust_env=False,
            transport=httpx.HTTPTransport(
                retries=3,
                # The nodes speak plain HTTP on the loopback here; reading the system's certificates costs 80 ms a time.
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            ),
        )

    def close(self) -> None:
        """Close the browser."""
        self.client.close()

    def get(self, path: str) -> WebPage:
        """Open a page.

        Raises:
            ActorError: The page answers with an error.
        """
        return self._read(self.client.get(path))

    def _read(self, answer: httpx.Response) -> WebPage:
        if answer.status_code >= 400:
            words = " ".join(re.sub(r"<[^>]*>", " ", answer.text).split())[:400]
            raise ActorError(f"{self.who} {answer.request.method} {answer.request.url}: {answer.status_code} {words}")
        return read_page(answer.text, url=str(answer.url), status=answer.status_code)

    def json(self, path: str) -> Any:
        """Return what a state page says.

        Raises:
            ActorError: The page answers with an error.
        """
        answer = self.client.get(path, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise ActorError(f"{self.who} {path}: {answer.status_code}")
        return answer.json()

    def download(self, path: str) -> tuple[str, bytes]:
        """Return a file's name and bytes.

        Raises:
            ActorError: The page answers with an error.
        """
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise ActorError(f"{self.who} {path}: {answer.status_code}")
        return file_name(answer.headers.get("Content-Disposition", "")) or Path(path).name, answer.content

    def submit(
        self,
        path: str,
        form_id: str,
        values: Values | None = None,
        *,
        files: Iterable[tuple[str, bytes]] = (),
        field_name: str = "files",
    ) -> WebPage:
        """Open a page, fill one of its forms in, send it, read the answer.

        Raises:
            Refused: The answer carries an error message.
            ActorError: No such page or form.
        """
        page = self.get(path)
        answer = self.send(page, form_id, values, files=files, field_name=field_name)
        refused = [message for message in answer.messages if message.level == "error"]
        if refused:
            raise Refused(refused)
        return answer

    def send(
        self,
        page: WebPage,
        form_id: str | WebForm,
        values: Values | None = None,
        *,
        files: Iterable[tuple[str, bytes]] = (),
        field_name: str = "files",
    ) -> WebPage:
        """Send a form of an open page; refusals stand among the messages of the answer.

        Raises:
            ActorError: No such form, or a field that the form does not have.
        """
        form = page.form(form_id) if isinstance(form_id, str) else form_id
        data: dict[str, list[str]] = {name: list(said) for name, said in form.values.items()}
        for name, value in (values or {}).items():
            if name not in form.values and name not in form.options:
                raise ActorError(f"{page.url}: form {form.id!r} has no field {name!r}")
            data[name] = [value] if isinstance(value, str) else list(value)
        parts = [(field_name, (name, content)) for name, content in files]
        target = httpx.URL(page.url).join(form.action) if form.action else httpx.URL(page.url)
        headers = {"Referer": page.url}
        answer = self.client.request(form.method.upper(), target, data=data, files=parts or None, headers=headers)
        return self._read(answer)

    def log_in(self, username: str, password: str) -> None:
        """Log in.

        Raises:
            ActorError: The login page shows itself again.
        """
        page = self.get("/login/")
        name = next((key for key, form in page.forms.items() if "password" in form.values), None)
        if name is None:
            raise ActorError(f"{page.url}: no login form")
        answer = self.send(page, name, {"username": username, "password": password})
        if "/login/" in answer.url:
            raise ActorError(f"{self.who}: login {username} refused")


def file_name(disposition: str) -> str:
    """Return the file name of a Content-Disposition header, RFC 5987 form first; empty when there is none."""
    plain = ""
    for part in disposition.split(";")[1:]:
        key, _, value = part.strip().partition("=")
        if key.lower() == "filename*":
            return str(httpx.QueryParams(f"n={value.split(chr(39), 2)[-1]}")["n"])
        if key.lower() == "filename":
            plain = value.strip('"')
    return plain

"""A real Chromium before the node's pages. Set ``PPE_SHOTS`` to a folder to keep pictures of every page looked at."""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.conftest import PersonLogin
from tests.support.needs import missing

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]
SIZE = {"width": 1366, "height": 768}

# Playwright keeps an event loop in this thread; the rows that a test makes beside it are made by the test alone.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


class Chromium:
    """One browser for all tests; a new one when the last one is gone."""

    #: Closing takes a tenth of a second. A Chromium was seen that never said it had closed; why is not known.
    PATIENCE_S = 20.0

    def __init__(self, playwright):
        self._playwright, self._browser = playwright, None

    def new_context(self, **options):
        if self._browser is None or not self._browser.is_connected():
            self._browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        return self._browser.new_context(**options)

    def close(self, what) -> None:
        """Close a context or the browser; a browser that does not answer is killed, as a person would kill it."""
        from playwright.sync_api import Error

        killed = threading.Event()

        def kill():
            killed.set()
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    if "chrom" in process.name():
                        process.kill()

        timer = threading.Timer(self.PATIENCE_S, kill)
        timer.start()
        try:
            what.close()
        except Error:
            if not killed.is_set():
                raise
        finally:
            timer.cancel()

    def end(self) -> None:
        if self._browser is not None:
            self.close(self._browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The browser; missing it skips, unless everything is required."""
    if not Path(CHROMIUM).exists():
        missing("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = Chromium(playwright)
        yield browser
        browser.end()


@pytest.fixture
def open_page(chromium, live_server, settings) -> Iterator[Callable[..., object]]:
    """Open an address as a person: ``open_page(technician, "/today/78-0001/")`` returns the Playwright page."""
    contexts = []

    def visit(login: PersonLogin | None, path: str, *, javascript: bool = True, size: dict[str, int] = SIZE):
        context = chromium.new_context(viewport=size, locale="ru-RU", java_script_enabled=javascript)
        contexts.append(context)
        if login is not None:
            cookie = login.client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.faults, page.scriptless = [], not javascript
        page.on("pageerror", lambda error: page.faults.append(error.stack or str(error)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        page.goto(live_server.url + path)
        return page

    yield visit
    for context in contexts:
        chromium.close(context)


#: Latin letters that belong on a Russian screen: uids, names of files and formats, keys, certificates' names.
LATIN = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(END|KEY|EXAM|PACKET|ACT|CSR)[_…]\S*|\b(UTC|SHA|TIFF?|PDF|JPE?G|PNG|ZIP|PEM|DAT|dat|tiff?|pdf|jpg|zip|p7m|ppe|csr|pem|p12"
    r"|json|JSON|ogg|opus|https?|DataMatrix|Code|Space|SN-\S+|END_\S+|dpi|Noname|frontend-tester|ppe-station|gek-\S+|flash|requests|registry|HQ"
    r"|CMS|USB|PIN|QR|EC|REST|technician|gek|head|observer|operator|coordinator|administrator|Europe/Moscow"
    r"|English|journal_\w+|packet_\w+|print|voice|scan|live|training|node|hq|rcoi|access|DMMGGG|PPPP|AAAA)\b|[0-9a-f]{8,}|\S+\.\S+|/\S+",
)


def english(page) -> list[str]:
    """Return the Latin words that a reader sees and that belong to no name of a file or format."""
    seen = page.evaluate(VISIBLE_WORDS)
    return sorted(set(re.findall(r"[A-Za-z]{3,}", LATIN.sub(" ", seen))))


#: The page's words without the names of icons, which are letters to the font alone.
VISIBLE_WORDS = """() => {
  const copy = document.body.cloneNode(true);
  const dropped = "script, style, template, .icon, .material-symbols-outlined, .mono, .hash, kbd, .command-esc";
  copy.querySelectorAll(dropped).forEach(e => e.remove());
  copy.querySelectorAll(".simplebar-content-wrapper").forEach(e => e.removeAttribute("aria-label"));
  document.body.appendChild(copy);
  const words = copy.innerText + " " + [...copy.querySelectorAll("[placeholder], [title], [aria-label]")].map(
    e => [e.placeholder, e.title, e.getAttribute("aria-label")].join(" ")).join(" ");
  copy.remove();
  return words;
}"""


#: What WCAG 2.2 asks for at level AA, as far as a machine can see it.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def barriers(page) -> list[str]:
    """Return what axe finds against WCAG 2.2 AA; a page without scripts cannot be asked."""
    if page.scriptless:
        return []
    found = Axe().run(page, options={"runOnly": WCAG, "resultTypes": ["violations"]}).response["violations"]
    return [f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"][:3]]


@pytest.fixture
def look() -> Callable[..., None]:
    """Look at a page as a person would: nothing overflows, is English by accident or bars anybody; keep a picture."""

    def at(page, name: str, *, full: bool = True) -> None:
        folder = os.environ.get("PPE_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} px too wide"
        assert not page.faults, page.faults
        assert not english(page), f"{name}: in English: {english(page)}"
        assert not barriers(page), f"{name}: {barriers(page)}"

    return at

"""A real browser, and an application that it can look at."""

import contextlib
import shutil
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from typing import Any, Literal

from lane_client import ManualStop
from patience import PATIENCE
from playwright.sync_api import Browser, Page, expect, sync_playwright

from axiom.server.http.serving import ServedSocket, serve_sockets

REFUSED = {"/nowhere": 404, "level=x": 400}  # the ends of addresses that a site has pages for all the same
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text()
WIDTHS = (360, 1280)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
MODES = tuple((scheme, width) for scheme in SCHEMES for width in WIDTHS)
CHROMIUM = shutil.which("chromium")
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    assert CHROMIUM, "chromium is missing, so no page was looked at: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield started
        started.close()


@contextlib.contextmanager
def visit(browser: Browser, **how: Any) -> Iterator[Page]:
    """A page of somebody who was never here and who waits as long as any test does."""
    expect.set_options(timeout=PATIENCE * 1_000)
    with browser.new_context(**how) as context:
        context.set_default_timeout(PATIENCE * 1_000)
        yield context.new_page()


@contextlib.contextmanager
def serving(app: Any, listening: socket.socket) -> Iterator[None]:
    """Serve an application on this socket, for as long as somebody wants it."""
    stop = ManualStop()
    thread = threading.Thread(target=serve_sockets, args=([ServedSocket(app=app, socket=listening)], stop))
    thread.start()
    try:
        yield
    finally:
        stop.over.set()
        thread.join()


def faults(page: Page) -> list[str]:
    """Everything that the browser complains about from now on."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def examine(page: Page) -> list[str]:
    """What is wrong with the page as it is shown, at this width and in these colours."""
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then(found => found.violations)")
    wrong = [
        f"{each['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in violations
        for node in each["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wrong + ([f"the page is {wide} pixels too wide"] if wide > 0 else [])


def look_everywhere(page: Page, modes: Iterable[tuple[Scheme, int]] = MODES) -> dict[str, list[str]]:
    """What is wrong with the page in these colours and at these widths, its disclosures open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.evaluate(AXE)
    found = {}
    for scheme, width in modes:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found[f"{scheme} {width}"] = examine(page)
    return {where: wrong for where, wrong in found.items() if wrong}


def tour(page: Page, addresses: Iterable[str], modes: Sequence[Sequence[tuple[Scheme, int]]]) -> dict[str, Any]:
    """What is wrong with each of these pages: the first is seen in the first of the modes, and so on in turn."""
    complaints, found = faults(page), {}
    for place, address in enumerate(addresses):
        reply = page.goto(address)
        assert reply
        wrong: dict[str, Any] = look_everywhere(page, modes[place % len(modes)])
        expected = next((status for end, status in REFUSED.items() if address.endswith(end)), 200)
        said = [text for text in complaints if expected == 200 or str(expected) not in text]
        complaints.clear()
        if wrong or said or reply.status != expected:
            found[address] = (reply.status, said, wrong)
    return found

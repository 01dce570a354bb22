"""Takes a picture of every page of a living laboratory, wide and narrow, light and dark, into docs/gallery.

Starts `axiom lab` in an empty folder, waits until findings have intervals and pictures, and looks at every page as a
visitor does. An error in a browser's console, a page that does not answer or one that scrolls sideways fails it.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, sync_playwright

AXIOM = Path(sys.executable).parent / "axiom"
GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
CHROMIUM = shutil.which("chromium") or "chromium"
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
WIDTHS = (1280, 360)
PATIENCE = 300.0


def main() -> int:
    """0 when every page was seen without a complaint."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weighed", type=int, default=6, help="how many findings must have an interval first")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-gallery-") as place:
        process = subprocess.Popen(
            [AXIOM, "lab", "--data", Path(place) / "lab", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            wait(address, wanted.weighed)
            complaints = look(address, pages(address))
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    print("\n".join(complaints) or "no complaint")
    return int(bool(complaints))


def wait(address: str, weighed: int) -> None:
    """Until so many findings have an interval, and their pictures are drawn."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        known = [one["evidence"] for one in get(f"{address}findings.json")["findings"] if one["evidence"]]
        if sum(None not in one["interval"] for one in known) >= weighed:
            time.sleep(8)
            return
        time.sleep(1)
    raise SystemExit(f"fewer than {weighed} findings had an interval after {PATIENCE:.0f} s")


def pages(address: str) -> dict[str, str]:
    """One page of each kind, by the name of its picture."""
    finding = next(one for one in get(f"{address}findings.json")["findings"] if one["evidence"])
    session = get(f"{address}sessions.json")["sessions"][-1]["name"]
    return {
        "home": "",
        "findings": "findings",
        "finding": f"findings/{finding['number']}",
        "experiments": "experiments",
        "experiment": f"experiments/{finding['experiment']}",
        "sessions": "sessions",
        "session": f"sessions/{session}",
        "results": "results",
        "status": "status",
        "hosts": "hosts",
        "missing": "findings/4711",
    }


def look(address: str, wanted: dict[str, str]) -> list[str]:
    """Every page at both widths in both schemes; what a visitor would complain about."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                complaints += visit(browser, address, wanted, width, scheme)
        browser.close()
    lines = [
        f"![{name}, {width} pixels, {scheme}]({name}-{width}-{scheme}.jpg)"
        for name in wanted
        for width in WIDTHS
        for scheme in ("light", "dark")
    ]
    text = "# Gallery\n\nEvery page of a young laboratory. Made anew by `scripts/campaign gallery`.\n\n"
    (GALLERY / "README.md").write_text(text + "\n\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines)} pictures of {len(wanted)} pages in docs/gallery")
    return complaints


def visit(browser: Browser, address: str, wanted: dict[str, str], width: int, scheme: Any) -> list[str]:
    """One width, one scheme."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page = context.new_page()
    heard: list[ConsoleMessage] = []
    page.on("console", lambda message: heard.append(message))  # noqa: PLW0108  a method of a list cannot be marked
    for name, path in wanted.items():
        heard.clear()
        page.goto(f"{address}{path}", wait_until="load")
        errors = [message.text for message in heard if message.type == "error"]
        if name != "missing":  # whose status is 404, which a browser calls an error
            complaints += [f"{name} {width} {scheme}: {text}" for text in errors]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            complaints.append(f"{name} {width} {scheme}: scrolls sideways")
        target = GALLERY / f"{name}-{width}-{scheme}.jpg"
        page.screenshot(path=str(target), type="jpeg", quality=70, full_page=width == WIDTHS[0])
    context.close()
    return complaints


def get(address: str) -> Any:
    """What the site answers."""
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())

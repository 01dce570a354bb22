"""Takes a picture of every page of a living laboratory, wide and narrow, light and dark, into docs/gallery.

Starts `axiom lab` in an empty folder, waits until findings have intervals and pictures, and looks at every page as a
visitor does. Ann joins in the browser, founds a team and attaches the stock client, which must have earned credit
before; the pages of her account are looked at as she sees them. An error in a browser's console, a page that does not
answer or one that scrolls sideways fails it.
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "acceptance"))

from browsing import chromium
from living import Lab, axiom, running
from volunteering import client

GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
WIDTHS = (1280, 360)
PATIENCE = 600.0


def main() -> int:
    """0 when every page was seen without a complaint."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weighed", type=int, default=6, help="how many findings must have an interval first")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="axiom-gallery-") as place,
        running(Path(place) / "lab") as lab,
        chromium() as browser,
    ):
        key, signed_in = join(browser, lab.address)
        contribute(lab, Path(place) / "client", key)
        wait(lab.address, wanted.weighed)
        complaints = look(browser, lab.address, pages(lab.address), signed_in)
    print("\n".join(complaints) or "no complaint")
    return int(bool(complaints))


def join(browser: Browser, address: str) -> tuple[str, Any]:
    """Ann makes her account and founds a team: her account key, and what her browser remembers."""
    password = secrets.token_hex(8)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}account/register")
    page.get_by_label("Name").fill("Ann")
    page.get_by_label("E-mail address").fill("ann@mail.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Make the account").click()
    page.goto(f"{address}account/team")
    founding = page.locator("form", has=page.get_by_role("button", name="Found the team"))
    founding.get_by_label("Name").fill("The Sums")
    founding.get_by_role("button", name="Found the team").click()
    page.goto(f"{address}account/security")
    shown = page.locator("form[action='/account/keys']")
    shown.get_by_label("Password").fill(password)
    shown.get_by_role("button", name="Show my keys").click()
    key, signed_in = page.locator("#account-key").inner_text(), context.storage_state()
    context.close()
    return key, signed_in


def contribute(lab: Lab, folder: Path, key: str) -> None:
    """Ann's computer attaches and computes until she has credit."""
    lab.wait(lambda status: "test_deploy" in [one["name"] for one in status["experiments"]])
    with client(folder, lab.address) as computer:
        computer.say("--project_attach", lab.address, key)
        until = time.monotonic() + PATIENCE
        while computer.credit() <= 0:
            if time.monotonic() > until:
                raise SystemExit(f"the client had no credit after {PATIENCE:.0f} s:\n{computer.log()[-3_000:]}")
            ordered = axiom("experiment", "deploy", "test_deploy", data=lab.data)
            if ordered.returncode:
                raise SystemExit(f"nothing was ordered for the client: {ordered.stderr}")
            time.sleep(10)


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
    hosts = get(f"{address}hosts.json")["hosts"]
    return {
        "home": "",
        "findings": "findings",
        "finding": f"findings/{finding['number']}",
        "graph": "findings/graph",
        "experiments": "experiments",
        "experiment": f"experiments/{finding['experiment']}",
        "sessions": "sessions",
        "session": f"sessions/{session}",
        "results": "results",
        "plan": "plan",
        "status": "status",
        "hosts": "hosts",
        "host": f"hosts/{hosts[-1]['number']}",
        "volunteers": "volunteers",
        "volunteer": f"volunteers/{hosts[-1]['volunteer']['number']}",
        "teams": "teams",
        "team": "teams/1",
        "leaderboards": "leaderboards",
        "join": "join",
        "sign_in": "account/sign-in",
        "account": "account",
        "account_preferences": "account/preferences",
        "account_team": "account/team",
        "account_security": "account/security",
        "missing": "findings/4711",
    }


def look(browser: Browser, address: str, wanted: dict[str, str], signed_in: Any) -> list[str]:
    """Every page at both widths in both schemes; what a visitor would complain about."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    for picture in GALLERY.glob("*.jpg"):  # pages that are no more; the folder beside them is another campaign's
        picture.unlink()
    complaints: list[str] = []
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            complaints += visit(browser, address, wanted, width, scheme, signed_in)
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


def visit(browser: Browser, address: str, wanted: dict[str, str], width: int, scheme: Any, signed_in: Any) -> list[str]:
    """One width, one scheme."""
    complaints: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, storage_state=signed_in
    )
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

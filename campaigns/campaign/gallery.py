"""Takes a picture of every page of a living laboratory, wide and narrow, light and dark, into build/gallery.

Starts `axiom lab` in an empty folder, waits until findings have intervals and pictures, and looks at every page as a
visitor does. Ann joins in the browser, founds a team and attaches the stock client, which must have earned credit
before; the pages of her account are looked at as she sees them. An error in a browser's console, a page that does not
answer or one that scrolls sideways fails it. At the end stands which pages say something else than the last time.
The repository keeps a dozen of the pictures in docs/gallery; `--renew` puts the new ones in their place.
"""

import argparse
import json
import re
import secrets
import shutil
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from boinc_client import client
from browser import chromium
from playwright.sync_api import Browser, ConsoleMessage, Page
from running_lab import Lab, axiom, running

from axiom.web.account.pages import PAGES as ACCOUNT_PAGES
from axiom.web.site.routes import PAGES

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "build" / "gallery"
KEPT = ROOT / "docs" / "gallery"
WIDTHS = (1280, 390)
HEIGHT = 1_000  # pixels of a window
TALLEST = 2_000  # pixels of a page that a picture shows
ENTRANCES = {"forgot", "register", "sign_in"}
PATIENCE = 600.0


def main() -> int:
    """0 when every page was seen without a complaint."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weighed", type=int, default=6, help="how many findings must have an interval first")
    parser.add_argument("--renew", action="store_true", help="replace the pictures that docs/gallery keeps")
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="axiom-gallery-") as place,
        running(Path(place) / "lab") as lab,
        chromium() as browser,
    ):
        wait(lab.address, wanted.weighed)
        key, signed_in = join(browser, lab.address)
        contribute(lab, Path(place) / "client", key)
        before = read_words()
        complaints = look(browser, lab.address, pages(lab.address), signed_in)
        tell_changes(before, read_words())
    if wanted.renew:
        renew()
    print("\n".join(complaints) or "no complaint")
    return int(bool(complaints))


def renew() -> None:
    """Replace each picture that the repository keeps by the new one of the same page."""
    for kept in sorted(KEPT.glob("*.jpg")):
        shutil.copyfile(GALLERY / kept.name, kept)
        print(f"renewed {kept.relative_to(ROOT)}")


def read_words() -> dict[str, list[str]]:
    """The lines of each page that was looked at last, by its name."""
    return {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(GALLERY.glob("*.txt"))}


def tell_changes(before: dict[str, list[str]], now: dict[str, list[str]]) -> None:
    """Say which pages are new, gone, or have other lines than the last time, numbers aside."""
    for name in sorted(before.keys() | now.keys()):
        old, new = set(before.get(name, [])), set(now.get(name, []))
        if name not in before or name not in now:
            print(f"{name}: {'gone' if name in before else 'new'}")
        elif old != new:
            first = next((line for line in now[name] if line not in old), "")
            print(f"{name}: {len(new - old)} new lines, {len(old - new)} gone; first new: {first[:80]}")


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
    lab.wait(lambda status: "test_deploy" in [experiment["name"] for experiment in status["experiments"]])
    with client(folder, lab.address) as computer:
        computer.say("--project_attach", lab.address, key)
        computer.wait(lambda client: client.host(), nudge=8)
        for words in (("preflight", "test_deploy"), ("deploy", "test_deploy", "--host", computer.host())):
            done = axiom("experiment", *words, data=lab.data)
            if done.returncode:
                raise SystemExit(f"nothing was ordered for the client: {done.stderr}")
        computer.wait(lambda client: client.credit() > 0, nudge=8)


def wait(address: str, weighed: int) -> None:
    """Until so many findings have an interval, and their pictures are drawn."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        evidences = [
            finding["evidence"] for finding in get(f"{address}findings.json")["findings"] if finding["evidence"]
        ]
        if sum(None not in evidence["interval"] for evidence in evidences) >= weighed:
            time.sleep(8)
            return
        time.sleep(1)
    raise SystemExit(f"fewer than {weighed} findings had an interval after {PATIENCE:.0f} s")


def find_paid_round(address: str) -> tuple[str, str]:
    """A round that awarded credit, and the newest one; the pages tell of it some seconds after the client does."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        newest = get(f"{address}sessions.json")["round"]["name"]
        first, last = 2, int(newest.removeprefix("round-"))  # before the second the laboratory begins
        for name in (f"round-{number}" for number in range(last, first - 1, -1)):
            if get(f"{address}ledger/{name}.json")["settlement"]["awards"]:
                return name, newest
        time.sleep(1)
    raise SystemExit("no round awarded credit")


def pages(address: str) -> dict[str, str]:
    """Where to look for each page that the site has, by the name of its picture: that of its template."""
    finding = next(row for row in get(f"{address}findings.json")["findings"] if row["evidence"])
    paid, newest = find_paid_round(address)
    (first, *_) = get(f"{address}sessions.json")["sessions"]
    host = get(f"{address}hosts.json")["hosts"][-1]
    task = get(f"{address}hosts/{host['number']}.json")["host"]["tasks"][0]
    examples = {
        "finding": f"/findings/{finding['number']}",
        "registration": "/registrations/1",
        "picture": f"/questions/{finding['experiment']}/picture",
        "question": f"/questions/{finding['experiment']}",
        "map": f"/maps/{get(f'{address}maps.json')['maps'][0]['name']}",
        "document": "/docs/howto/metrics.md",
        "experiment": f"/experiments/{finding['experiment']}",
        "session": f"/sessions/{paid}",
        "session_tasks": f"/sessions/{paid}/tasks",
        "difference": f"/sessions/{newest}/since/{first['name']}",
        "host": f"/hosts/{host['number']}",
        "volunteer": f"/volunteers/{host['volunteer']['number']}",
        "certificate": f"/volunteers/{host['volunteer']['number']}/certificate",
        "team": "/teams/1",
        "settlement": f"/ledger/{paid}",
        "workunit": f"/workunits/{task['workunit']}",
        "task": f"/tasks/{task['number']}",
    }
    named = {page.template.removesuffix(".html"): page.path for page in PAGES}
    named |= {page.template.removesuffix(".html"): page.path for page in ACCOUNT_PAGES.values()}
    del named["live"]  # a part of the first page, fetched again and again
    if proposals := get(f"{address}proposals.json")["proposals"]:
        examples["proposal"] = f"/proposals/{proposals[0]['number']}"
    else:
        del named["proposal"]
        print("nothing was proposed yet, so there is no picture of a proposal")
    wanted = named | examples | {"missing": "/findings/4711"}
    for name in [name for name, path in wanted.items() if "{" in path]:
        print(f"{wanted.pop(name)} needs what this laboratory has none of, so there is no picture of it")
    return wanted


def look(browser: Browser, address: str, wanted: dict[str, str], signed_in: Any) -> list[str]:
    """Every page at both widths in both schemes; what a visitor would complain about."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    for seen in (*GALLERY.glob("*.jpg"), *GALLERY.glob("*.txt")):  # of pages that are no more, too
        seen.unlink()
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
    print(f"{len(lines)} pictures of {len(wanted)} pages in {GALLERY.relative_to(ROOT)}")
    return complaints


def visit(browser: Browser, address: str, wanted: dict[str, str], width: int, scheme: Any, signed_in: Any) -> list[str]:
    """One width, one scheme; each page as Ann sees it, and those that let her in as a stranger does."""
    strangers = {name: path for name, path in wanted.items() if name in ENTRANCES}
    ours = {name: path for name, path in wanted.items() if name not in ENTRANCES}
    complaints: list[str] = []
    for chosen, state in ((ours, signed_in), (strangers, None)):
        context = browser.new_context(
            viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, storage_state=state
        )
        complaints += photograph(context.new_page(), address.rstrip("/"), chosen, f"{width}-{scheme}")
        context.close()
    return complaints


def photograph(page: Page, address: str, wanted: dict[str, str], ending: str) -> list[str]:
    """A picture of each of these pages; what a visitor would complain about."""
    heard: list[ConsoleMessage] = []
    page.on("console", lambda message: heard.append(message))  # noqa: PLW0108  a method of a list cannot be marked
    complaints: list[str] = []
    for name, path in wanted.items():
        heard.clear()
        target = GALLERY / f"{name}-{ending}.jpg"
        wrong = take(page, f"{address}{path}", target)
        if name != "missing":  # whose status is 404, which a browser calls an error
            wrong += [message.text for message in heard if message.type == "error"]
        complaints += [f"{target.stem}: {text}" for text in wrong]
        words = re.sub(r"\d+", "0", page.inner_text("body"))  # numbers differ each time
        (GALLERY / f"{name}.txt").write_text(words, encoding="utf-8")
    return complaints


def take(page: Page, address: str, target: Path) -> list[str]:
    """One picture, of the whole page where it is wide; what is wrong with how it is shown."""
    page.goto(address, wait_until="load")
    wide = page.evaluate("document.documentElement.scrollWidth")
    width = page.viewport_size["width"] if page.viewport_size else wide
    tall = page.evaluate("document.documentElement.scrollHeight") if width == WIDTHS[0] else HEIGHT
    seen: Any = {"x": 0, "y": 0, "width": width, "height": min(max(tall, HEIGHT), TALLEST)}
    page.screenshot(path=str(target), type="jpeg", quality=70, full_page=True, clip=seen)
    wrong = ["scrolls sideways"] if wide > width else []
    return wrong + ([f"is {page.url}"] if page.url != address else [])


def get(address: str) -> Any:
    """What the site answers."""
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())

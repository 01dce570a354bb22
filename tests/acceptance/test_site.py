"""The site in a real browser: every page, light and dark, on a telephone and on a desk."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import AXE, WIDTHS, examine, faults, look_everywhere, serving
from furnished_lab import fill, furnish_more, weigh_three_blocks
from map_on_site import draw_map
from starlette.routing import compile_path

from axiom.domain.planning import Preview
from axiom.figures.drawing import Draughtsman
from axiom.lab.draw_figures import Gallery
from axiom.lab.planning.fleet_file import read_fleet
from axiom.lab.planning.preview import preview
from axiom.lab.policy import policy_of
from axiom.service.sockets import on_port
from axiom.settings import Settings
from axiom.store.connections import Connections
from axiom.store.engine.database import connect_writer
from axiom.store.registrations import registrations
from axiom.store.writer import Writer
from axiom.web.site.app import Site, site
from axiom.web.site.routes import PAGES

ADDRESSES = (
    *("/", "/findings", "/findings/1", "/findings/2", "/findings/3", "/findings?q=nothing", "/registrations/1"),
    *(
        "/findings/graph",
        "/findings/near?claim=a+larger+size+has+a+larger+total",
        "/registrations",
        "/forecasters",
        "/proposals",
        "/proposals/1",
        "/ideas",
        "/ideas/1",
    ),
    *("/maps", "/maps/small_map"),
    *("/experiments", "/experiments/tiny_sum@1", "/sessions", "/sessions/2026-03-02-a", "/results"),
    *("/sessions/2026-03-02-a/tasks", "/sessions/2026-03-02-b/since/2026-03-02-a"),
    *("/results?experiment=tiny_sum@1", "/hosts", "/hosts/1", "/hosts/2?state=failed", "/hosts/3"),
    *("/volunteers", "/volunteers/2", "/volunteers/3", "/volunteers/2/certificate", "/teams", "/teams/1"),
    *(
        "/leaderboards",
        "/leaderboards?of=teams&by=recent",
        "/leaderboards?of=hosts",
        "/leaderboards?experiment=tiny_sum",
        "/ledger",
        "/ledger/2026-03-02-a",
    ),
    *("/workunits/1", "/workunits/5", "/tasks/1", "/tasks/4", "/tasks/7", "/tasks/9", "/failures", "/watches"),
    *(
        "/old-claims",
        "/about",
        "/glossary",
        "/help",
        "/terms",
        "/plan",
        "/status",
        "/news",
        "/nowhere",
        "/brief",
        "/drafts",
        "/drafts/1",
        "/findings/paper?of=1,3",
    ),
    "/sessions/2026-03-02-a/transcript",
    *("/language/de?back=/volunteers/2", "/language/fr?back=/volunteers/2/certificate", "/language/de?back=/help"),
)
ELSEWHERE = {"/live", "/join"}  # a part of the first page, and a page that is read in `test_account.py`
FLEET = Path(__file__).parents[2] / "docs" / "howto" / "fleet-of-83.json"


def serve(pages: Site) -> Iterator[str]:
    """The site on a port of its own, for as long as somebody wants it."""
    with on_port("127.0.0.1", 0) as listening, serving(site(pages), listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def pages_of(lab) -> Site:
    live = {"state": "running", "started_at": lab.now.isoformat(), "parts": {"writer": True, "engine": True}}
    return Site(
        folder=lab.folder, name="Small & Sons", now=lambda: lab.now, live=lambda: live, preview=lambda: planned(lab)
    )


def planned(lab) -> Preview:
    """What would be ordered for the old laboratory's fleet."""
    with Connections(folder=lab.folder).reader() as db:
        return preview(db, policy_of(Settings()), lab.now, read_fleet(FLEET.read_bytes(), FLEET.name))


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    made = new_lab(tmp_path_factory.mktemp("site") / "lab")
    fill(made, prepared)
    furnish_more(made, prepared)
    yield made
    made.db.close()


@pytest.fixture(scope="module")
def address(lab) -> Iterator[str]:
    yield from serve(pages_of(lab))


@pytest.fixture(scope="module")
def card(new_lab, prepared, tmp_path_factory) -> Iterator[str]:
    """A site whose one finding was weighed and drawn, and is suspended."""
    made = new_lab(tmp_path_factory.mktemp("card") / "lab")
    weigh_three_blocks(made, prepared)
    with made.db.transaction():
        registrations.set_status(made.db, 1, "suspended", "two seeds gave the same values")
    made.db.close()
    writer = Writer(lambda: connect_writer(made.folder.database))
    writer.start()
    with Draughtsman() as draughtsman:
        assert Gallery(writer, made.folder, draughtsman).draw(made.now) == 4
    writer.stop()
    yield from serve(pages_of(made))


@pytest.fixture(scope="module")
def atlas(new_lab, tmp_path_factory) -> Iterator[str]:
    """A site with a map; `test_maps.py` moves it."""
    made = new_lab(tmp_path_factory.mktemp("atlas") / "lab")
    draw_map(made, depth=1)
    yield from serve(pages_of(made))
    made.db.close()


@pytest.fixture(scope="module")
def empty(new_lab, tmp_path_factory) -> Iterator[str]:
    made = new_lab(tmp_path_factory.mktemp("empty") / "lab")
    yield from serve(pages_of(made))
    made.db.close()


def test_the_examination_finds_what_is_wrong(page):
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=data:,><p id=a>")
    page.evaluate("document.getElementById('a').setAttribute('style', 'width: 2000px; color: #eee')")
    page.evaluate("document.getElementById('a').innerText = 'pale'")
    found = "\n".join(problem for problems in look_everywhere(page).values() for problem in problems)
    for wrong in ("image-alt", "color-contrast", "pixels too wide"):
        assert wrong in found


def test_every_page_of_the_site_is_read_here():
    read = {
        page.path
        for page in PAGES
        if any(compile_path(page.path)[0].match(path.partition("?")[0]) for path in ADDRESSES)
    }
    assert {page.path for page in PAGES} - read == ELSEWHERE


@pytest.mark.parametrize("path", ADDRESSES)
def test_everybody_can_read_the_page(page, address, atlas, path):
    complaints = faults(page)
    reply = page.goto((atlas if path.startswith("/maps/") else address) + path)
    assert reply.status == (404 if path == "/nowhere" else 200)
    assert look_everywhere(page) == {}
    assert [text for text in complaints if "404" not in text] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_choice_of_long_names_is_no_wider_than_the_page(page, address, width):
    page.goto(f"{address}/results")
    page.evaluate("document.querySelector('#e').add(new Option('starvation_under_gradient_normalisation'.repeat(3)))")
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(AXE)
    assert examine(page) == []


def test_everybody_can_read_a_card_with_all_its_parts(page, card):
    complaints = faults(page)
    page.goto(f"{card}/findings/1")
    assert page.locator("svg.fig:visible").count() == 3
    assert page.get_by_text("Suspended: two seeds gave the same values.").is_visible()
    assert look_everywhere(page) == {}
    assert complaints == []


def test_a_card_can_be_taken_away_without_scripts(browser, card, tmp_path):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{card}/findings/1")
        with page.expect_download() as download:
            page.get_by_role("link", name="Everything needed to weigh it again").click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    with zipfile.ZipFile(tmp_path / "finding-1.zip") as archive:
        assert "finding-1/recompute.py" in archive.namelist()


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/findings", "/experiments", "/maps", "/sessions", "/results", "/hosts", "/volunteers", "/teams"),
        *("/leaderboards", "/status"),
    ],
)
def test_everybody_can_read_what_a_new_laboratory_says(page, empty, path):
    complaints = faults(page)
    page.goto(empty + path)
    assert look_everywhere(page) == {}
    assert complaints == []


def test_the_counters_move_by_themselves(page, lab, address):
    complaints = faults(page)
    page.goto(address)
    shown = page.locator("[hx-get] dd").nth(2)
    before = int(shown.inner_text().split()[0])
    lab.deploy(3, workunits=5)
    page.wait_for_function(
        "wanted => document.querySelectorAll('[hx-get] dd')[2].innerText.startsWith(wanted)",
        arg=str(before + 5),
        timeout=10_000,
    )
    assert complaints == []


def test_without_scripts_everything_is_there(browser, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        assert page.locator("[hx-get] dd").first.is_visible()
        page.goto(f"{address}/findings/1")
        assert page.locator("svg.fig:visible").count() == 1
        page.locator("summary").first.click()
        assert page.get_by_role("cell", name="+0.93").first.is_visible()
        page.goto(f"{address}/results")
        page.select_option("#e", "tiny_sum")
        page.get_by_role("button", name="Show").click()
        assert "experiment=tiny_sum" in page.url


def test_the_first_key_skips_to_the_content_and_every_stop_shows(page, address):
    page.goto(f"{address}/findings")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_one_picture_of_the_two_is_shown_at_each_width(page, address):
    page.goto(f"{address}/findings/1")
    for width, shown in zip(WIDTHS, ("narrow", "wide"), strict=True):
        page.set_viewport_size({"width": width, "height": 900})
        assert re.findall("narrow|wide", page.locator("svg.fig:visible").get_attribute("class")) == [shown]


def test_nothing_is_fetched_from_another_origin(page, address):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="networkidle")
    assert asked
    assert {url for url in asked if not url.startswith(address)} == set()


@pytest.mark.parametrize("path", ["/", "/findings/1", "/experiments/tiny_sum@1"])
def test_a_first_visit_fetches_each_file_once_and_is_light(browser, address, path):
    context = browser.new_context()
    page, fetched = context.new_page(), []
    page.on("requestfinished", lambda request: None if request.url.endswith("/live") else fetched.append(request))
    page.goto(address + path, wait_until="networkidle")
    paths = [request.url.removeprefix(address).partition("?")[0] for request in fetched]
    sizes = [request.sizes() for request in fetched]
    context.close()
    assert {"/static/style.css", "/static/literata-axiom.woff2"} <= set(paths)
    assert len(paths) == len(set(paths)) <= 6
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) <= 60_000

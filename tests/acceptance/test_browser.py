"""The site in a real browser: its pages, its figures by pointer and keys, its maps by touch, and without any script."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import AXE, MODES, WIDTHS, examine, faults, look_everywhere, tour, visit
from furnished_lab import fill, furnish_more
from map_on_site import draw_map, publish_map
from real_parts import need
from site_pages import ADDRESSES, EMPTY, MAP, ON_THE_MAP, explored_sum, served, suspended_card, unread

import axiom
from axiom.web.maps.axes import format_knob

pytestmark = need("chromium")
IN_TURN = [[mode] for mode in MODES]  # `scripts/campaign stories` sees each page in all of them

CUT_OFF = """
(() => {
    const tables = [...document.querySelectorAll("table")]
    const inside = box => box.scrollWidth <= box.clientWidth + 1
    const wide = tables.filter(table => {
        const {left, right} = table.getBoundingClientRect()
        return left < 0 || right > innerWidth || table.scrollWidth > innerWidth || !inside(table.parentElement)
    })
    const words = wide.map(table => table.innerText.slice(0, 80))
    return {wide: words, labelled: document.querySelectorAll("td[data-of]").length}
})()
"""


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("site") / "lab")
    fill(lab, prepared)
    furnish_more(lab, prepared)
    yield lab
    lab.db.close()


@pytest.fixture(scope="module")
def address(lab) -> Iterator[str]:
    with served(lab) as started:
        yield started


def site(name: str, path: str, fill: Callable[..., object]):
    """A fixture: the address of a page of a laboratory that is filled so."""

    @pytest.fixture(scope="module", name=name)
    def started(new_lab, prepared, tmp_path_factory) -> Iterator[str]:
        place = tmp_path_factory.mktemp(name)
        lab = new_lab(place / "lab")
        fill(lab, prepared, place)
        with served(lab) as address:
            yield address + path
        lab.db.close()

    return started


card = site("card", "", lambda lab, prepared, _: suspended_card(lab, prepared))
explored = site("explored", "/experiments/explored_sum@1", lambda lab, _, place: explored_sum(lab, place))
atlas = site("atlas", "", lambda lab, *_: draw_map(lab))
empty = site("empty", "", lambda lab, *_: publish_map(lab))  # of whose map no tile is drawn, and nothing else


def test_the_examination_finds_what_is_wrong(page):
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=data:,><p id=a>")
    page.evaluate("document.getElementById('a').setAttribute('style', 'width: 2000px; color: #eee')")
    page.evaluate("document.getElementById('a').innerText = 'pale'")
    problems_seen = "\n".join(problem for problems in look_everywhere(page).values() for problem in problems)
    for wrong in ("image-alt", "color-contrast", "pixels too wide"):
        assert wrong in problems_seen


def test_everybody_can_read_every_page(page, address, card, explored, atlas, empty):
    assert unread() == set()
    addresses = [*(address + path for path in ADDRESSES), *(atlas + path for path in ON_THE_MAP)]
    addresses += [f"{card}/findings/1", explored, *(empty + path for path in (*EMPTY, MAP))]
    assert tour(page, addresses, IN_TURN) == {}


def test_no_table_is_cut_off_on_a_telephone_and_each_cell_says_what_it_is(page, address, explored, atlas):
    page.set_viewport_size({"width": 390, "height": 900})
    wrong, cells = {}, 0
    for shown in (*(address + path for path in ADDRESSES), explored, *(atlas + path for path in ON_THE_MAP)):
        page.goto(shown)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = page.evaluate(CUT_OFF)
        wrong |= {shown: found["wide"]} if found["wide"] else {}
        cells += found["labelled"]
    assert wrong == {}
    assert cells > 300


@pytest.mark.parametrize("width", WIDTHS)
def test_a_choice_of_long_names_is_no_wider_than_the_page(page, address, width):
    page.goto(f"{address}/results")
    page.evaluate("document.querySelector('#e').add(new Option('starvation_under_gradient_normalisation'.repeat(3)))")
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(AXE)
    assert examine(page) == []


def test_the_counters_move_by_themselves(page, lab, address):
    complaints = faults(page)
    page.goto(address)
    before = int(page.locator("[hx-get] dd").nth(2).inner_text().split()[0])
    lab.deploy(3, workunits=5)
    page.wait_for_function(
        "wanted => document.querySelectorAll('[hx-get] dd')[2].innerText.startsWith(wanted)", arg=str(before + 5)
    )
    assert complaints == []


def test_without_scripts_everything_is_there(browser, address, card, explored, tmp_path):
    with visit(browser, java_script_enabled=False) as page:
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
        page.goto(f"{card}/findings/1")
        assert page.locator("svg.fig:visible").count() == 3
        with page.expect_download() as download:
            page.get_by_role("link", name="Everything needed to weigh it again").click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        page.goto(explored)
        assert page.locator("svg.fig:visible").count() == 2
        assert page.get_by_role("slider").count() == page.get_by_role("checkbox").count() == 0
        page.locator("summary").nth(1).click()
        assert page.get_by_role("cell", name="4", exact=True).first.is_visible()
    with zipfile.ZipFile(tmp_path / "finding-1.zip") as archive:
        assert "finding-1/recompute.py" in archive.namelist()


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
    page.goto(f"{address}/findings/1")
    for width, shown in zip(WIDTHS, ("narrow", "wide"), strict=True):  # one picture of the two at each width
        page.set_viewport_size({"width": width, "height": 900})
        assert re.findall("narrow|wide", page.locator("svg.fig:visible").get_attribute("class")) == [shown]


def test_a_first_visit_fetches_each_file_once_is_light_and_asks_nobody_else(browser, address, atlas):
    for start, path, most in (
        *((address, path, 60_000) for path in ("/", "/findings/1", "/experiments/tiny_sum@1", "/maps")),
        (atlas, MAP, 100_000),
    ):
        with visit(browser) as page:
            fetched, requested = [], []
            page.on("request", lambda request, requested=requested: requested.append(request.url))
            page.on("requestfinished", lambda request, fetched=fetched: fetched.append(request))
            page.goto(start + path, wait_until="networkidle")
            files = [request for request in fetched if not request.url.endswith("/live")]
            sizes = [request.sizes() for request in files]
        urls = [request.url.partition("?")[0] for request in files]
        assert {f"{start}/static/style.css", f"{start}/static/literata-axiom.woff2"} <= set(urls)
        assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) <= most
        assert [url for url in requested if not url.startswith(start)] == []
        assert [url for url in requested if "leaflet" in url] == []
        if start == address:
            assert len(urls) == len(set(urls)) <= 6
            assert [url for url in urls if "map.js" in url] == []


def plate(page, number: int):
    return page.locator("figure.plate").nth(number)


def test_a_figure_says_its_numbers_to_pointer_and_keys_and_hides_its_lines(page, explored):
    complaints = faults(page)
    page.goto(explored)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        curve = plate(page, 1)
        curve.locator("svg.fig:visible").scroll_into_view_if_needed()
        box = curve.locator("svg.fig:visible").bounding_box()
        numbers = curve.locator("output")
        page.mouse.move(box["x"] + 10, box["y"] + 60)
        assert re.search(r": 1$", numbers.inner_text().splitlines()[0])
        assert "3" in numbers.inner_text()
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 60)
        assert 2 < int(numbers.inner_text().splitlines()[0].rpartition(" ")[2]) < 9
        assert len(curve.locator("svg.fig:visible > path[d][stroke='var(--link)']").all()) == 1
    slider = curve.get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert curve.locator("output").inner_text().splitlines()[0].endswith(": 8")
    assert slider.get_attribute("aria-valuetext") == "8"
    for number in (0, 1):
        shown = plate(page, number)
        (first, *_) = ticks = shown.get_by_role("checkbox").all()
        name = first.locator("xpath=..").inner_text().strip()
        shown.get_by_role("slider").focus()
        page.keyboard.press("Home")
        before = len(shown.locator("output").inner_text().splitlines())
        parts = shown.locator("svg.fig:visible [data-s]")
        drawn = parts.locator("visible=true").count()
        first.uncheck()
        assert {part.get_attribute("data-s") for part in parts.locator("visible=true").all()} == {
            tick.locator("xpath=..").inner_text().strip() for tick in ticks
        } - {name}
        assert len(shown.locator("output").inner_text().splitlines()) == before - 1, "what is hidden is not told"
        first.check()
        assert parts.locator("visible=true").count() == drawn
    assert look_everywhere(page, MODES[:1]) == {}
    assert complaints == []


def words(page) -> dict[str, str]:
    """What the address in the browser's bar asks for."""
    return {word: values[0] for word, values in parse_qs(urlsplit(page.url).query).items()}


def place(page) -> tuple[str, ...]:
    return tuple(words(page)[word] for word in ("level", "column", "row"))


def wait_for(page, **wanted: str) -> None:
    """Until the address says this, and the page beside the map is of it."""
    page.wait_for_function(
        "wanted => Object.entries(wanted).every(([word, text]) => new URL(location).searchParams.get(word) === text)",
        arg=wanted,
    )


def start(page) -> None:
    """Take hold of the map, and wait until its tiles are there."""
    page.locator("[data-map]").focus()
    page.wait_for_function("() => document.querySelectorAll('.live img').length >= 16")
    page.wait_for_function("() => [...document.querySelectorAll('.live img')].every(each => each.naturalWidth)")


def test_a_map_is_moved_read_and_shared_by_keys_and_pointer(page, atlas, browser):
    complaints = faults(page)
    page.goto(f"{atlas}{MAP}?level=1&column=0&row=1&replicate=0")
    assert page.locator(".sheet img.pix").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    start(page)
    looks = "images => [...new Set(images.map(each => getComputedStyle(each).imageRendering))]"
    assert page.locator(".live img").evaluate_all(looks) == ["pixelated"]
    page.keyboard.press("+")
    wait_for(page, level="2", column="1", row="3")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    wait_for(page, level="2", column="0", row="3")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    wait_for(page, level="2", column="0", row="2")
    page.keyboard.press("Enter")
    page.wait_for_function("() => new URL(location).searchParams.has('x')")
    assert -1.0 < float(words(page)["x"]) < -0.5
    shown_values = page.locator(".card dd").all_inner_texts()
    with visit(browser, java_script_enabled=False) as other:  # the address shows somebody else the same
        other.goto(page.url)
        assert other.locator(".card dd").all_inner_texts() == shown_values
    page.keyboard.press("-")
    wait_for(page, level="1", column="0", row="1")
    page.keyboard.press("0")
    wait_for(page, level="0", column="0", row="0")
    assert page.locator("[data-map]").evaluate("sheet => sheet === document.activeElement")

    page.emulate_media(reduced_motion="reduce")  # how far a map glides on behind a hand depends on the computer's speed
    page.goto(f"{atlas}{MAP}?level=2&column=1&row=1&replicate=1&arm=1")
    start(page)
    page.locator("[data-map]").scroll_into_view_if_needed()
    box = page.locator("[data-map]").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 0.8 * box["width"] / 2, middle[1], steps=8)
    page.mouse.move(middle[0] - box["width"], middle[1], steps=8)
    page.mouse.up()
    wait_for(page, level="2", column="2", row="1")
    page.mouse.click(*middle)
    page.wait_for_function("() => new URL(location).searchParams.has('x')")
    assert place(page) == ("2", "2", "1")
    assert (words(page)["arm"], words(page)["replicate"]) == ("1", "1")
    page.mouse.wheel(0, 100)
    page.wait_for_function("() => Number(new URL(location).searchParams.get('level')) < 2")
    assert complaints == []


def test_a_moved_map_writes_its_axes_as_the_server_does(page):
    script = (Path(axiom.__file__).parent / "web/static/map.js").read_text()
    (function,) = re.findall(r"^  function formatKnob.*?^  }$", script, re.MULTILINE | re.DOTALL)
    ends = [(-0.0, 1), (-1, 1), (1, 1_000_000), (1, 1e7), (-3e9, -1e-7), (1e-4, 1e-3), (999.96, 999.98), (5, 5)]
    ends += [
        (1 + place / 2**level, 1 + (place + 1) / 2**level) for level in range(12) for place in (0, 1, 2**level - 1)
    ]
    cases = [(value, low, high) for low, high in ends for value in (low, high, (low + high) / 2)]
    written = page.evaluate(f"cases => cases.map(words => ({function})(...words))", cases)
    expected = [format_knob(*case) for case in cases]
    assert [pair for pair in zip(written, expected, strict=True) if pair[0] != pair[1]] == []
    assert {"1,000,000", "−1.00e−7"} <= set(expected)


def test_one_finger_reads_a_pixel_of_a_map_and_two_zoom(browser, atlas):
    with visit(browser, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}) as page:
        complaints = faults(page)
        page.goto(f"{atlas}{MAP}?level=1&column=1&row=1&replicate=0")
        page.locator("[data-map]").scroll_into_view_if_needed()
        box = page.locator("[data-map]").bounding_box()
        page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
        page.wait_for_function("() => new URL(location).searchParams.has('x')")
        assert float(words(page)["x"]) == pytest.approx(0.75, abs=0.02)
        assert float(words(page)["y"]) == pytest.approx(10**1.5, rel=0.1)
        assert place(page) == ("1", "1", "1")

        page.goto(f"{atlas}{MAP}?replicate=0")
        start(page)
        page.locator("[data-map]").scroll_into_view_if_needed()
        box = page.locator("[data-map]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = page.context.new_cdp_session(page)

        def touch(kind: str, apart: float | None) -> None:
            points = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 30)
        for apart in range(40, 130, 10):
            touch("touchMove", apart)
        touch("touchEnd", None)
        page.wait_for_function("() => Number(new URL(location).searchParams.get('level')) > 0")
        assert complaints == []


def test_without_scripts_every_control_of_a_map_is_a_link(browser, atlas):
    with visit(browser, java_script_enabled=False, viewport={"width": 390, "height": 900}) as page:
        page.goto(atlas + MAP)
        assert page.locator(".sheet img.pix").evaluate("image => image.naturalWidth") == 64
        page.get_by_role("link", name="Zoom into the quarter at the upper left").click()
        assert place(page) == ("1", "0", "1")
        page.get_by_role("link", name="Move right").click()
        assert place(page) == ("1", "1", "1")
        page.get_by_role("link", name="Zoom in on the ring").click()
        page.get_by_role("link", name="Zoom out", exact=True).click()
        assert place(page) == ("1", "1", "1")
        page.get_by_role("link", name="all together").click()
        assert words(page)["replicate"] == "mean"
        page.locator("[data-part=choices]").get_by_role("link", name="wide 0 and 1").click()
        assert words(page)["against"] == "1"
        page.get_by_label("how far right").fill("0.25")
        page.get_by_role("button", name="Read this pixel").click()
        assert (words(page)["x"], words(page)["replicate"]) == ("0.25", "mean")
        page.get_by_text("The view as a table").click()
        assert page.get_by_role("row").count() == 17
        page.get_by_role("link", name="Whole map").click()
        assert "level" not in words(page)

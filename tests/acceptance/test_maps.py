"""A map in a real browser: by keys, pointer and touch, and without any script."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import faults, look_everywhere, serving
from map_on_site import draw_map, publish_map

from axiom.service.sockets import on_port
from axiom.web.site.app import Site, site

MAP = "/maps/small_map"
WIDTHS = (390, 1280)
LIGHT = 100_000  # bytes of a first visit


def serve(lab) -> Iterator[str]:
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    with on_port("127.0.0.1", 0) as listening, serving(site(pages), listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def address(new_lab, tmp_path_factory) -> Iterator[str]:
    lab = new_lab(tmp_path_factory.mktemp("maps") / "lab")
    draw_map(lab)
    yield from serve(lab)
    lab.db.close()


@pytest.fixture(scope="module")
def empty(new_lab, tmp_path_factory) -> Iterator[str]:
    lab = new_lab(tmp_path_factory.mktemp("undrawn") / "lab")
    publish_map(lab)
    yield from serve(lab)
    lab.db.close()


def asked(page) -> dict[str, str]:
    """What the address in the browser's bar asks for."""
    return {word: values[0] for word, values in parse_qs(urlsplit(page.url).query).items()}


def place(page) -> tuple[str, ...]:
    return tuple(asked(page)[word] for word in ("level", "column", "row"))


def wait_for(page, **words: str) -> None:
    """Until the address says this, and the page beside the map is of it."""
    page.wait_for_function(
        "wanted => Object.entries(wanted).every(([word, text]) => new URL(location).searchParams.get(word) === text)",
        arg=words,
    )


def start(page) -> None:
    """Take hold of the map, and wait until its tiles are there."""
    page.locator("[data-map]").focus()
    page.wait_for_function("() => document.querySelectorAll('.live img').length >= 16")
    page.wait_for_function("() => [...document.querySelectorAll('.live img')].every(each => each.naturalWidth)")


@pytest.mark.parametrize(
    "path",
    [
        *("/maps", MAP, f"{MAP}?level=2&column=1&row=2&replicate=mean", f"{MAP}?against=1&x=0.5&y=2"),
        *("/", "/volunteers/2", "/experiments/small_map"),
    ],
)
def test_everybody_can_read_the_page(page, address, path):
    complaints = faults(page)
    assert page.goto(address + path).status == 200
    assert look_everywhere(page) == {}
    assert complaints == []


def test_everybody_can_read_a_map_without_a_tile_and_one_that_was_misread(page, empty, address):
    page.goto(f"{empty}{MAP}")
    assert look_everywhere(page) == {}
    page.goto(f"{address}{MAP}?level=x")
    assert page.locator(".wrong").is_visible()
    assert look_everywhere(page) == {}


def test_keys_move_zoom_and_read(page, address):
    complaints = faults(page)
    page.goto(f"{address}{MAP}?level=1&column=0&row=1&replicate=0")
    start(page)
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
    x = float(asked(page)["x"])
    assert -1.0 < x < -0.5
    assert page.locator(".card dd").first.inner_text().startswith("−")
    page.keyboard.press("-")
    wait_for(page, level="1", column="0", row="1")
    page.keyboard.press("0")
    wait_for(page, level="0", column="0", row="0")
    assert page.locator("[data-map]").evaluate("sheet => sheet === document.activeElement")
    assert complaints == []


def test_a_pointer_drags_clicks_and_wheels(page, address):
    complaints = faults(page)
    page.goto(f"{address}{MAP}?level=2&column=1&row=1&replicate=1")
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
    page.mouse.wheel(0, 100)
    page.wait_for_function("() => Number(new URL(location).searchParams.get('level')) < 2")
    assert complaints == []


def test_the_address_of_what_was_found_shows_it_again(page, address, browser):
    page.goto(f"{address}{MAP}?replicate=2&arm=1")
    start(page)
    box = page.locator("[data-map]").bounding_box()
    page.mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.6 * box["height"])
    page.wait_for_function("() => new URL(location).searchParams.has('x')")
    told = page.locator(".card dd").all_inner_texts()
    with browser.new_context(java_script_enabled=False) as context:
        other = context.new_page()
        other.goto(page.url)
        assert other.locator(".card dd").all_inner_texts() == told
    assert (asked(page)["arm"], asked(page)["replicate"]) == ("1", "2")


def test_a_finger_reads_a_pixel_at_once(browser, address):
    with browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        complaints = faults(page)
        page.goto(f"{address}{MAP}?level=1&column=1&row=1&replicate=0")
        page.locator("[data-map]").scroll_into_view_if_needed()
        box = page.locator("[data-map]").bounding_box()
        page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
        page.wait_for_function("() => new URL(location).searchParams.has('x')")
        assert float(asked(page)["x"]) == pytest.approx(0.75, abs=0.02)
        assert float(asked(page)["y"]) == pytest.approx(10**1.5, rel=0.1)
        assert place(page) == ("1", "1", "1")
        assert complaints == []


def test_two_fingers_zoom(browser, address):
    with browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{address}{MAP}?replicate=0")
        start(page)
        page.locator("[data-map]").scroll_into_view_if_needed()
        box = page.locator("[data-map]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        fingers = context.new_cdp_session(page)

        def touch(kind: str, apart: float | None) -> None:
            points = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", 30)
        for apart in range(40, 130, 10):
            touch("touchMove", apart)
        touch("touchEnd", None)
        page.wait_for_function("() => Number(new URL(location).searchParams.get('level')) > 0")


@pytest.mark.parametrize("width", WIDTHS)
def test_without_scripts_every_control_is_a_link(browser, address, width):
    with browser.new_context(java_script_enabled=False, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(address + MAP)
        assert page.locator(".sheet img.pix").evaluate("image => image.naturalWidth") == 64
        page.get_by_role("link", name="Zoom into the quarter at the upper left").click()
        assert place(page) == ("1", "0", "1")
        page.get_by_role("link", name="Move right").click()
        assert place(page) == ("1", "1", "1")
        page.get_by_role("link", name="Zoom in on the ring").click()
        page.get_by_role("link", name="Zoom out", exact=True).click()
        assert place(page) == ("1", "1", "1")
        page.get_by_role("link", name="all together").click()
        assert asked(page)["replicate"] == "mean"
        page.locator("[data-part=choices]").get_by_role("link", name="wide 0 and 1").click()
        assert asked(page)["against"] == "1"
        page.get_by_label("how far right").fill("0.25")
        page.get_by_role("button", name="Read this pixel").click()
        assert (asked(page)["x"], asked(page)["replicate"]) == ("0.25", "mean")
        page.get_by_text("The view as a table").click()
        assert page.get_by_role("row").count() == 17
        page.get_by_role("link", name="Whole map").click()
        assert "level" not in asked(page)


def test_pixels_are_never_smoothed(page, address):
    page.goto(address + MAP)
    assert page.locator(".sheet img.pix").evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    start(page)
    looks = "images => [...new Set(images.map(each => getComputedStyle(each).imageRendering))]"
    assert page.locator(".live img").evaluate_all(looks) == ["pixelated"]


def test_a_first_visit_is_light_and_fetches_no_more_than_it_shows(browser, address):
    with browser.new_context() as context:
        page, fetched = context.new_page(), []
        page.on("requestfinished", lambda request: fetched.append(request))  # noqa: PLW0108  playwright wants a function of ours
        page.goto(f"{address}{MAP}", wait_until="networkidle")
        sizes = [request.sizes() for request in fetched]
        assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) < LIGHT
        assert not [request for request in fetched if "leaflet" in request.url]
        assert not [request for request in fetched if not request.url.startswith(address)]


@pytest.mark.parametrize("path", ["/maps", "/", "/findings", "/volunteers/2"])
def test_no_other_page_loads_the_maps_script(page, address, path):
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto(address + path, wait_until="networkidle")
    assert not [url for url in asked_for if "leaflet" in url or "map.js" in url]

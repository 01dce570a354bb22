"""The figures of a page in a real browser: their numbers read by pointer and by keys, and lines hidden and shown."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import WIDTHS, faults, look_everywhere, serving

import axiom
from axiom.figures.drawing import Draughtsman
from axiom.lab.draw_figures import Gallery
from axiom.lab.experiments.publish import prepare
from axiom.service.sockets import on_port
from axiom.signed.bundles import contents
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.engine.database import connect_writer
from axiom.store.writer import Writer
from axiom.web.site.app import Site, site

CURVE = ("    total: float\n", "    total: float\n    total_by_step: tuple[float, ...]\n")
FIGURE = ("import Experiment, ", "import Experiment, Figure, ")
SHIFTS = ("shift=[0]", "shift=[0, 1]")
DRAWN = ("    needs=", '    figure=Figure(x="size", y="total", title="The total"),\n    needs=')
PAGE = "/experiments/explored_sum@1"


@pytest.fixture(scope="module")
def address(new_lab, prepared, tmp_path_factory) -> Iterator[str]:
    """A site with one experiment, whose sweep and curve have a series for each shift."""
    lab = new_lab(tmp_path_factory.mktemp("explore") / "lab")
    source = contents(prepared(has_shift=True).archive)["axiom/catalogue/tiny_sum.py"].decode()
    for old, new in (('name="tiny_sum"', 'name="explored_sum"'), CURVE, FIGURE, SHIFTS, DRAWN):
        assert old in source
        source = source.replace(old, new)
    file = tmp_path_factory.mktemp("explored") / "explored_sum.py"
    file.write_text(source)
    lab.publish(prepare(Path(axiom.__file__).parent, file))
    lab.host()
    lab.deploy(workunits=3)
    for _ in range(3):
        order = lab.order(1)
        cells = [
            replace(cell, measures={**cell.measures, "total_by_step": [0.5 * step + cell.config for step in range(9)]})
            for cell in lab.cells(order)
        ]
        output = header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))
        lab.report(order, output)
        lab.validate()
    lab.db.close()
    writer = Writer(lambda: connect_writer(lab.folder.database))
    writer.start()
    with Draughtsman() as draughtsman:
        assert Gallery(writer, lab.folder, draughtsman).draw(lab.now) == 2
    writer.stop()
    pages = Site(folder=lab.folder, name="Small", now=lambda: lab.now, live=dict)
    with on_port("127.0.0.1", 0) as listening, serving(site(pages), listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def plate(page, number: int):
    return page.locator("figure.plate").nth(number)


@pytest.mark.parametrize("width", WIDTHS)
def test_pointing_at_a_picture_says_the_numbers_of_the_nearest_place(page, address, width):
    complaints = faults(page)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address + PAGE)
    curve = plate(page, 1)
    curve.locator("svg.fig:visible").scroll_into_view_if_needed()
    box = curve.locator("svg.fig:visible").bounding_box()
    said = curve.locator("output")
    page.mouse.move(box["x"] + 10, box["y"] + 60)
    assert said.inner_text().splitlines()[0] == "step, by its place in the list: 1"
    assert "Repetitions 3, Median of total 0" in said.inner_text()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 60)
    middle = int(said.inner_text().splitlines()[0].rpartition(" ")[2])
    assert 2 < middle < 9
    assert len(curve.locator("svg.fig:visible > path[d][stroke='var(--link)']").all()) == 1
    assert complaints == []


def test_the_arrow_keys_do_the_same(page, address):
    page.goto(address + PAGE)
    curve = plate(page, 1)
    slider = curve.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert curve.locator("output").inner_text().startswith("step, by its place in the list: 8\n")
    assert slider.get_attribute("aria-valuetext") == "8"
    page.keyboard.press("Home")
    assert curve.locator("output").inner_text().startswith("step, by its place in the list: 1\n")


@pytest.mark.parametrize("number", [0, 1])
def test_a_line_can_be_hidden_and_shown_and_what_is_hidden_is_not_told(page, address, number):
    page.goto(address + PAGE)
    shown = plate(page, number)
    (first, *_) = ticks = shown.get_by_role("checkbox").all()
    assert len(ticks) > 1
    name = first.locator("xpath=..").inner_text().strip()
    shown.get_by_role("slider").focus()
    page.keyboard.press("Home")
    before, parts = len(shown.locator("output").inner_text().splitlines()), shown.locator("svg.fig:visible [data-s]")
    drawn = parts.locator("visible=true").count()
    first.uncheck()
    assert {part.get_attribute("data-s") for part in parts.locator("visible=true").all()} == {
        tick.locator("xpath=..").inner_text().strip() for tick in ticks
    } - {name}
    assert len(shown.locator("output").inner_text().splitlines()) == before - 1
    first.check()
    assert parts.locator("visible=true").count() == drawn
    assert len(shown.locator("output").inner_text().splitlines()) == before


def test_everybody_can_explore(page, address):
    complaints = faults(page)
    page.goto(address + PAGE)
    for number in (0, 1):
        plate(page, number).get_by_role("slider").focus()
        page.keyboard.press("Home")
    assert look_everywhere(page) == {}
    assert complaints == []


def test_without_scripts_the_pictures_and_tables_stand_alone(browser, address):
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address + PAGE)
        assert page.locator("svg.fig:visible").count() == 2
        assert page.get_by_role("slider").count() == page.get_by_role("checkbox").count() == 0
        page.locator("summary").nth(1).click()
        assert page.get_by_role("cell", name="4", exact=True).first.is_visible()

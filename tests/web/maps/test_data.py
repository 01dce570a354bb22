"""The data of any rectangle of a map: the same pixels as JSON, CSV, Parquet and in a notebook, and never too many."""

import csv
import io

import pyarrow.parquet
import pytest
import small_map

import axiom
from axiom.domain.maps import Tile, place_of
from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.notebook.maps import MapElsewhere
from axiom.store.maps import tiles
from axiom.web.api.reads import reads

DATA, SIDE = "/maps/small_map/data", small_map.MAP.pixels


def rows_of_csv(text: str) -> list[tuple]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return [(float(row["x"]), float(row["y"]), int(row["shade"]), row["band"], int(row["level"])) for row in rows]


def test_a_whole_tile_is_given_as_it_was_computed(maps_of, atlas):
    data = maps_of.get(f"{DATA}?x0=-1&x1=0&y0=0.01&y1=1&level=1&arm=1&replicate=2").json
    own = tiles.one(atlas.db, 1, place_of(Tile(level=1), 1), 2).pixels
    assert bytes(pixel for row in data["pixels"] for pixel in row) == own
    assert {level for row in data["levels"] for level in row} == {1}
    assert len(data["x"]) == len(data["y"]) == SIDE
    assert data["x"][0] == pytest.approx(-1 + 1 / SIDE / 2)
    assert data["y"][0] == pytest.approx(0.01 * 10 ** (4 / (4 * SIDE)))
    assert data["bands"] == [["inside; the brighter, the farther", 3], ["outside", 3]]


def test_all_forms_hold_the_same(maps_of, atlas):
    words = "x0=-0.31&x1=0.72&y0=0.5&y1=33&level=3&arm=0&replicate=1"
    grid = maps_of.get(f"{DATA}?{words}&format=json").json
    table = maps_of.get(f"{DATA}?{words}&format=csv")
    packed = maps_of.get(f"{DATA}?{words}&format=parquet")
    named = [(shade, band) for band, shades in grid["bands"] for shade in range(shades)]
    wanted = [
        (x, y, *named[pixel], level)
        for y, pixels, levels in zip(grid["y"], grid["pixels"], grid["levels"], strict=True)
        for x, pixel, level in zip(grid["x"], pixels, levels, strict=True)
    ]
    assert len({level for *_, level in wanted}) > 1
    assert rows_of_csv(table.text) == wanted
    assert table.headers["content-disposition"] == 'attachment; filename="small_map-0-1-level-3.csv"'
    columns = pyarrow.parquet.read_table(io.BytesIO(packed.raw)).to_pydict()
    assert list(zip(*columns.values(), strict=True)) == wanted
    here = axiom.open(atlas.folder.path).map("small_map").crop(-0.31, 0.72, 0.5, 33, level=3, arm=0, replicate=1)
    assert list(here.rows()) == wanted
    elsewhere = MapElsewhere(lambda path: maps_of.get(path).json, "small_map")
    there = elsewhere.crop(-0.31, 0.72, 0.5, 33, level=3, arm=0, replicate=1)
    assert (there.columns, there.title) == (here.columns, here.title)


def test_a_rectangle_holds_every_pixel_that_it_touches(maps_of):
    point = maps_of.get(f"{DATA}?x0=0.5&x1=0.5&y0=1&y1=1&level=6").json
    assert len(point["x"]) == len(point["y"]) == 1
    step = 2 / (SIDE << 3)
    two = maps_of.get(f"{DATA}?x0={-1 + 1.5 * step}&x1={-1 + 2.5 * step}&y0=0.01&y1=0.01&level=3").json
    assert two["x"] == pytest.approx([-1 + 1.5 * step, -1 + 2.5 * step])
    whole = maps_of.get(DATA).json
    assert (len(whole["x"]), len(whole["y"]), whole["level"], whole["replicate"]) == (SIDE, SIDE, 0, 0)


def test_the_data_of_a_view_are_its_pixels(maps_of):
    view = maps_of.get("/maps/small_map.json?level=2&column=1&row=2&replicate=1").json["map"]
    data = maps_of.get(view["data"]["json"]).json
    assert len(data["x"]) == len(data["y"]) == view["picture"]["size"] == 4 * SIDE
    assert min(data["x"]) > view["x"]["span"][0]
    assert max(data["x"]) < view["x"]["span"][1]


@pytest.fixture
def api(browse, atlas):
    """What programs with a token read, behind the question who they are."""
    pages = browse(atlas)
    pages.app = reads(pages.pages)
    return pages


@pytest.mark.parametrize(
    ("query", "status", "fact"),
    [
        ("level=5", 400, "262,144"),
        ("level=9", 404, "9"),
        ("level=x", 400, "level=x"),
        ("x0=-7", 404, "−1 to 1"),
        ("x0=0.5&x1=0.1", 400, "0.5 to 0.1"),
        ("y0=low", 400, "y0=low"),
        ("arm=2", 404, "0, 1"),
        ("replicate=5", 404, "0, 1, 2"),
        ("replicate=mean", 400, "replicate=mean"),
        ("format=xml", 400, "format=xml"),
        ("levle=1", 400, "levle"),
    ],
)
def test_what_cannot_be_given_is_said_in_one_sentence(maps_of, api, query, status, fact):
    reply = maps_of.get(f"{DATA}?{query}")
    assert (reply.status, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert (fact in reply.text, reply.text.count("\n")) == (True, 1)
    refused = api.get(f"/api{DATA}?{query}")
    kind, status = ("NotFound", 404) if status == 404 else ("WrongUse", 422)
    assert (refused.status, refused.headers["content-type"]) == (status, "application/problem+json")
    assert (refused.json["status"], refused.json["type"]) == (status, f"urn:axiom:error:{kind}")


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_programs_get_the_same(api, maps_of, form):
    words = f"x0=-0.31&x1=0.72&level=2&arm=1&replicate=1&format={form}"
    here, there = api.get(f"/api{DATA}?{words}"), maps_of.get(f"{DATA}?{words}")
    assert (here.status, here.headers["content-type"]) == (200, there.headers["content-type"])
    assert here.raw == there.raw
    elsewhere = MapElsewhere(lambda path: api.get(f"/api{path}").json, "small_map@1")
    assert len(elsewhere.crop(level=1, arm=1)) == (2 * SIDE) ** 2


def test_a_notebook_is_told_what_is_wrong(atlas, maps_of):
    assert maps_of.get("/maps/tiny/data").status == 404
    lab = axiom.open(atlas.folder.path)
    with pytest.raises(UnknownName, match="small_map"):
        lab.map("smal_map")
    here = lab.map("small_map@1")
    assert [config["wide"] for config in here.arms.values()] == [0, 1]
    for words, error in (({"arm": 3}, NotFound), ({"replicate": 9}, NotFound), ({"y0": -1.0}, WrongUse)):
        with pytest.raises(error):
            here.crop(**words)

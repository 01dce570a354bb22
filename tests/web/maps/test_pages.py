"""A map's page and its data: every view has an address, every control is a link, and all forms hold the same."""

import csv
import io
import re
from html import unescape
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
import small_map
from account_site import Visitor, receiving
from evidence_lines import record
from furnished_lab import weighed
from map_on_site import draw_map, publish_map
from tiny_experiment import prepare_text

import axiom
from axiom.domain.maps import Tile, place_of
from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.notebook.maps import RemoteMap
from axiom.store.accounts import accounts
from axiom.store.maps import tiles
from axiom.web.api.reads import make_read_api
from axiom.web.maps.view_counts import TileViews

MAP = "/maps/small_map"


def shown(site, query: str = "") -> dict:
    return site.get(f"{MAP}.json{query}").json["map"]


def test_every_link_and_picture_of_a_view_is_there_and_maps_are_in_the_menu(maps_of, browse, small_lab, site_of):
    page = maps_of.get(f"{MAP}?level=2&column=1&row=2&arm=0&against=1&replicate=mean").text
    links = {unescape(address) for address in re.findall(r'href="(/maps/[^"]*)"', page) if "parquet" not in address}
    pictures = {unescape(address) for address in re.findall(r'src="(/maps/[^"]*)"', page)}
    assert len(links) > 15
    assert len(pictures) == 4
    assert {maps_of.get(address).status for address in links | pictures} == {200}
    assert "leaflet" in maps_of.get(MAP).text
    publish_map(small_lab)
    empty = browse(small_lab).get(MAP)  # which has no tile yet
    assert empty.status == 200
    assert "leaflet" not in empty.text
    assert 'href="/maps/small_map@1"' in maps_of.get("/experiments/small_map").text
    assert "/maps/tiny_sum" not in site_of.get("/experiments/tiny_sum").text
    for path in ("/maps", "/maps/small_map", "/"):
        menu = re.search(r'<nav aria-label="Main">.*?</nav>', maps_of.get(path).text, re.DOTALL)[0]
        assert 'href="/maps"' in menu
        assert ("aria-current" in menu) == (path != "/")


def test_a_map_is_headed_as_its_question_is(small_lab, browse, tmp_path):
    says = "Discs have jagged edges"
    headline = f'headlines=(Headline(says="{says}", when={{"line": Direction.MORE}}),),\n    needs=Needs('
    text = Path(small_map.__file__).read_text().replace("needs=Needs(", headline)
    text = text.replace("import Experiment,", "import Experiment, Headline,")
    small_lab.publish(prepare_text("small_map", text, tmp_path))
    assert browse(small_lab).get("/maps.json").json["maps"][0]["answer"] is None
    record(small_lab.db, 1, weighed(2), (), session_id=None, now=small_lab.now)
    site = browse(small_lab)
    (question,) = site.get("/questions.json").json["questions"]
    assert says in question["headline"]
    assert site.get("/maps.json").json["maps"][0]["answer"] == question["headline"]
    assert question["headline"] in unescape(site.get(MAP).text)


def test_every_tile_has_its_config_among_results_and_no_digest_of_its_pixels(maps_of):
    for address in ("/results", "/results?experiment=small_map&page=2"):
        for row in maps_of.get(address.replace("/results", "/results.json")).json["results"]:
            assert row["config"]["level"] >= 0
        assert re.search(r"\b[0-9a-f]{64}\b", maps_of.get(address).text) is None


def test_every_view_and_picture_counts_where_somebody_looks_and_nothing_else(browse, atlas):
    looked = TileViews()
    site = browse(atlas, look_at=looked.note)
    for address in (f"{MAP}?level=2&column=1&row=2&arm=1", "/maps", f"{MAP}?level=99", f"{MAP}/tiles/0/0/1-1-0.png"):
        site.get(address)
    places = [place_of(Tile(level=1, column=1), 0), place_of(Tile(level=2, column=1, row=2), 1)]
    assert looked.take() == [(1, place) for place in places]
    assert looked.take() == []


def test_an_address_stays_and_the_controls_lead_where_they_say(maps_of):
    first = shown(maps_of, "?level=3&column=2&row=5&arm=1&replicate=2&x=-0.3&y=10")
    assert maps_of.get(first["here"].replace("?", ".json?")).json["map"] == first
    assert [first[name] for name in ("level", "column", "row", "arm", "replicate")] == [3, 2, 5, 1, 2]
    moves = shown(maps_of, "?level=2&column=1&row=2&replicate=1")["moves"]
    for way, place in (
        *(("out", [1, 0, 1, 1]), ("left", [2, 0, 2, 1]), ("right", [2, 2, 2, 1])),
        *(("up", [2, 1, 3, 1]), ("down", [2, 1, 1, 1])),
    ):
        there = maps_of.get(moves[way].replace("?", ".json?")).json["map"]
        assert [there[name] for name in ("level", "column", "row", "replicate")] == place
    for query, ways in (("", {"in", "quarters"}), ("?level=6&column=63&row=0", {"out", "whole", "left", "up"})):
        assert {way for way, href in shown(maps_of, query)["moves"].items() if href} == ways
    for x, y, quarter in ((-0.9, 0.02, (0, 0)), (0.9, 0.02, (1, 0)), (-0.9, 90, (0, 1)), (0.9, 90, (1, 1))):
        there = maps_of.get(shown(maps_of, f"?x={x}&y={y}")["moves"]["in"].replace("?", ".json?")).json["map"]
        assert (there["column"], there["row"]) == quarter  # the pixel in the ring is kept
    for query, is_above in (("?level=3&column=0&row=0", True), ("?level=1&column=0&row=0", False)):
        assert (shown(maps_of, query)["from"] is not None) == is_above


def test_a_pixel_says_what_became_of_it_who_drew_it_and_how_to_compute_it_again(maps_of, atlas):
    middle = shown(maps_of, "?x=0&y=1")["pixel"]
    assert middle["ends"] == [{"told": "inside", "times": 3}]
    assert [fate["told"] for fate in middle["fates"]] == [["inside, shade 1 of 3"]] * 3
    assert middle["again"].startswith("axiom experiment run small_map wide=0 level=")
    corner = shown(maps_of, "?x=0.99&y=99&against=1")["pixel"]
    assert corner["ends"] == [{"told": "outside, and in the other: outside", "times": 3}]
    drawers = {shown(maps_of, f"?x=0&y=1&replicate={number}")["pixel"]["drawn_by"]["host"] for number in range(3)}
    assert drawers == {1, 2}
    pixel = shown(maps_of, "?level=1&column=0&row=0&x=-0.3&y=0.2&replicate=1")["pixel"]
    words = dict(word.split("=") for word in pixel["again"].split() if "=" in word)
    seed = atlas.db.row("SELECT seed FROM replicate WHERE number = 1")["seed"]
    again = small_map.run(small_map.Config(**{name: int(value) for name, value in words.items()}), seed)
    place = place_of(Tile(**{name: pixel["tile"][name] for name in ("level", "column", "row")}), 0)
    assert again.inside == tiles.find_drawn_tile(atlas.db, 1, place, 1).pixels


def test_a_page_says_which_of_its_tiles_a_gpu_drew(maps_of, small_lab, browse):
    where = "?level=1&column=0&row=0&replicate=1"
    assert "drawn on a GPU" not in maps_of.get(f"{MAP}{where}").text
    draw_map(small_lab)
    tasks, site = set(small_lab.db.column(int, "SELECT task_id FROM tile WHERE level = 2")), browse(small_lab)
    with small_lab.db.transaction():
        small_lab.db.execute_many("UPDATE task SET gpu = 'NVIDIA' WHERE id = :task", [{"task": task} for task in tasks])
    squares = shown(site, where)["squares"]
    assert len({square["task"] in tasks for square in squares}) == 2
    assert all(bool(square["drawn_by"]["gpu"]) is (square["task"] in tasks) for square in squares)
    text = site.get(f"{MAP}{where}").text
    assert "drawn on a GPU" in text
    assert text.count(", on a GPU") >= sum(square["task"] in tasks for square in squares)


def test_the_first_page_and_a_volunteers_show_tiles_once_there_are_some(maps_of, browse, small_lab, atlas):
    publish_map(small_lab)
    assert browse(small_lab).get("/index.json").json["home"]["tile"] is None
    tile = maps_of.get("/index.json").json["home"]["tile"]
    assert tile["level"] == 3
    page = maps_of.get("/").text
    for word in ("view", "href", "here", "whole"):
        assert tile[word].replace("&", "&amp;") in page
        assert maps_of.get(tile[word]).status == 200
    shown = maps_of.get("/volunteers/2.json").json["volunteer"]["tiles"]
    assert 1 <= len(shown) <= 6
    assert max(tile["level"] for tile in shown) == 3
    question = "SELECT config, l.replicate FROM tile l JOIN task t ON t.id = l.task_id WHERE t.host_id = 2"
    own = {(row["config"] - row["config"] % 256, row["replicate"]) for row in atlas.db.select(question)}
    for tile in shown:
        side = 1 << tile["level"]
        place = (side * side - 1) // 3 * 256 + (tile["row"] * side + tile["column"]) * 256
        assert (place, tile["replicate"]) in own
        assert maps_of.get(tile["src"]).status == maps_of.get(tile["href"]).status == 200
    assert maps_of.get("/volunteers/2").text.count('class="pix"') == len(shown)


def test_nobody_sees_what_a_volunteer_drew_who_shows_no_computers(maps_of, browse, new_lab, tmp_path):
    assert "/volunteers/2" in maps_of.get(f"{MAP}?replicate=1").text + maps_of.get(MAP).text
    lab = new_lab(tmp_path / "shy")
    draw_map(lab, depth=1)
    reader = browse(lab)
    assert reader.get("/volunteers/2.json").json["volunteer"]["tiles"]
    with lab.db.transaction():
        accounts.set_profile(lab.db, 2, name="Grace", country="", website="", is_exported=False, shows_hosts=False)
    reader.app.forget()
    assert reader.get("/volunteers/2.json").json["volunteer"]["tiles"] == []
    pages = "".join(reader.get(f"{MAP}?replicate={number}").text for number in range(3))
    assert "/volunteers/2" not in pages
    assert '"/hosts/2"' in pages
    text = Path(small_map.__file__).read_text().replace('name="small_map"', 'name="newer_map"')
    lab.publish(prepare_text("newer_map", text, tmp_path))
    names = [row["name"] for row in browse(lab).get("/maps.json").json["maps"]]
    assert names == ["small_map", "newer_map"]  # which has no picture
    lab.db.close()


def test_who_is_signed_in_sees_their_own_tiles(new_lab, tmp_path):
    lab = new_lab(tmp_path / "own")
    draw_map(lab, depth=1)
    with receiving(lab, "http://lab.example/") as app:
        ada = Visitor(app=app, folder=lab.folder)
        assert ada.register().status == 303
        assert 'class="pix"' not in ada.ask("/account").text
        app.writer.run(lambda db: db.execute("UPDATE host SET volunteer_id = 3 WHERE volunteer_id = 2"))
        page = ada.ask("/account").text
        ada.close()
    assert 1 <= page.count('class="pix"') <= 6


def test_what_cannot_be_shown_is_said_in_one_sentence(maps_of):
    for address, status, fact in (
        *(("/maps/tiny", 404, "tiny"), ("/maps/small_map@7", 404, "small_map@7"), (f"{MAP}?arm=7", 404, "0, 1")),
        *((f"{MAP}?against=7", 404, "0, 1"), (f"{MAP}?replicate=9", 404, "0 to 2"), (f"{MAP}?level=7", 404, "6")),
        *((f"{MAP}?level=2&column=4", 404, "0 to 3"), (f"{MAP}?x=1.5", 404, "−1 to 1")),
        *((f"{MAP}?level=-1", 400, "level=-1"), (f"{MAP}?column=two", 400, "column=two")),
        *((f"{MAP}?arm=1&against=1", 400, "Arm 1"), (f"{MAP}?replicate=all", 400, "replicate=all")),
        *((f"{MAP}?x=nan", 400, "x=nan"), (f"{MAP}?level=1&x=0.5", 400, "−1.00 to 0.00")),
    ):
        path, _, query = address.partition("?")
        page, data = maps_of.get(address), maps_of.get(f"{path}.json?{query}")
        assert (page.status, data.status) == (status, status)
        assert fact in unescape(page.text)
        assert fact in (data.json["error"]["message"] if status == 404 else " ".join(data.json["misread"]))


DATA, SIDE = "/maps/small_map/data", small_map.MAP.pixels


def rows_of_csv(text: str) -> list[tuple]:
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    return [(float(row["x"]), float(row["y"]), int(row["shade"]), row["band"], int(row["level"])) for row in rows]


def test_a_rectangle_holds_every_pixel_that_it_touches_as_it_was_computed(maps_of, atlas):
    data = maps_of.get(f"{DATA}?x0=-1&x1=0&y0=0.01&y1=1&level=1&arm=1&replicate=2").json
    own = tiles.find_drawn_tile(atlas.db, 1, place_of(Tile(level=1), 1), 2).pixels
    assert bytes(pixel for row in data["pixels"] for pixel in row) == own
    assert {level for row in data["levels"] for level in row} == {1}
    assert len(data["x"]) == len(data["y"]) == SIDE
    assert data["x"][0] == pytest.approx(-1 + 1 / SIDE / 2)
    assert data["y"][0] == pytest.approx(0.01 * 10 ** (4 / (4 * SIDE)))
    assert data["bands"] == [["inside; the brighter, the farther", 3], ["outside", 3]]
    point = maps_of.get(f"{DATA}?x0=0.5&x1=0.5&y0=1&y1=1&level=6").json
    assert len(point["x"]) == len(point["y"]) == 1
    step = 2 / (SIDE << 3)
    two = maps_of.get(f"{DATA}?x0={-1 + 1.5 * step}&x1={-1 + 2.5 * step}&y0=0.01&y1=0.01&level=3").json
    assert two["x"] == pytest.approx([-1 + 1.5 * step, -1 + 2.5 * step])
    whole = maps_of.get(DATA).json
    assert len(whole["x"]) == SIDE
    assert len(whole["y"]) == SIDE
    assert whole["level"] == 0
    assert whole["replicate"] == 0
    view = maps_of.get("/maps/small_map.json?level=2&column=1&row=2&replicate=1").json["map"]
    data = maps_of.get(view["data"]["json"]).json
    assert len(data["x"]) == len(data["y"]) == view["picture"]["size"] == 4 * SIDE
    assert min(data["x"]) > view["x"]["span"][0]
    assert max(data["x"]) < view["x"]["span"][1]


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
    elsewhere = RemoteMap(lambda path: maps_of.get(path).json, "small_map")
    there = elsewhere.crop(np.float64(-0.31), 0.72, 0.5, 33, level=3, arm=0, replicate=1)
    assert (there.columns, there.title) == (here.columns, here.title)


def test_finer_tiles_are_no_runs_of_an_experiment(maps_of):
    experiment = maps_of.get("/experiments/small_map.json").json["experiment"]
    assert (experiment["progress"]["cells_back"], experiment["progress"]["cells"]) == (6, 6)
    (finding,) = experiment["findings"]
    assert (finding["awaits"]["back"], finding["awaits"]["cells"]) == (6, 16)
    assert experiment["figures"]["sweep"]["rows"]


@pytest.fixture
def api(browse, atlas):
    """What programs with a token read, behind the question who they are."""
    pages = browse(atlas)
    pages.app = make_read_api(pages.pages)
    return pages


def test_programs_get_the_same_and_what_cannot_be_given_in_one_sentence(maps_of, api):
    for query, status, fact in (
        *(("level=5", 400, "262,144"), ("level=9", 404, "9"), ("level=x", 400, "level=x"), ("x0=-7", 404, "−1 to 1")),
        *(("x0=0.5&x1=0.1", 400, "0.5 to 0.1"), ("y0=low", 400, "y0=low"), ("arm=2", 404, "0, 1")),
        *(("replicate=5", 404, "0, 1, 2"), ("replicate=mean", 400, "replicate=mean")),
        *(("format=xml", 400, "format=xml"), ("levle=1", 400, "levle")),
    ):
        reply = maps_of.get(f"{DATA}?{query}")
        assert (reply.status, reply.headers["content-type"]) == (status, "text/plain; charset=utf-8")
        assert fact in reply.text
        assert reply.text.count("\n") == 1
        refused = api.get(f"/api{DATA}?{query}")
        kind, refusal = ("NotFound", 404) if status == 404 else ("WrongUse", 422)
        assert (refused.status, refused.headers["content-type"]) == (refusal, "application/problem+json")
        assert (refused.json["status"], refused.json["type"]) == (refusal, f"urn:axiom:error:{kind}")
    for form in (
        "json",
        "csv",
        "parquet",
    ):
        words = f"x0=-0.31&x1=0.72&level=2&arm=1&replicate=1&format={form}"
        here, there = api.get(f"/api{DATA}?{words}"), maps_of.get(f"{DATA}?{words}")
        assert (here.status, here.headers["content-type"]) == (200, there.headers["content-type"])
        assert here.raw == there.raw
        elsewhere = RemoteMap(lambda path: api.get(f"/api{path}").json, "small_map@1")
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

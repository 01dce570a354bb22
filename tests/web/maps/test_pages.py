"""A map's page and its tiles on other pages: every view has an address, and every control is a link."""

import re
from html import unescape
from pathlib import Path

import pytest
import small_map
from account_site import Visitor, receiving
from map_on_site import draw_map, publish_map

import axiom
from axiom.domain.maps import Tile, place_of
from axiom.lab.experiments.publish import prepare
from axiom.store.accounts import accounts
from axiom.store.maps import tiles
from axiom.web.maps.visits import Visits

MAP = "/maps/small_map"


def shown(site, query: str = "") -> dict:
    return site.get(f"{MAP}.json{query}").json["map"]


def test_every_link_and_picture_of_a_view_is_there(maps_of, browse, small_lab):
    page = maps_of.get(f"{MAP}?level=2&column=1&row=2&arm=0&against=1&replicate=mean").text
    links = {unescape(address) for address in re.findall(r'href="(/maps/[^"]*)"', page) if "parquet" not in address}
    pictures = {unescape(address) for address in re.findall(r'src="(/maps/[^"]*)"', page)}
    assert (len(links) > 15, len(pictures)) == (True, 4)
    assert {maps_of.get(address).status for address in links | pictures} == {200}
    assert "leaflet" in maps_of.get(MAP).text
    publish_map(small_lab)
    empty = browse(small_lab).get(MAP)  # which has no tile yet
    assert (empty.status, "leaflet" in empty.text) == (200, False)


def test_every_view_and_picture_counts_where_somebody_looks_and_nothing_else(browse, atlas):
    looked = Visits()
    site = browse(atlas, look_at=looked.note)
    for address in (f"{MAP}?level=2&column=1&row=2&arm=1", "/maps", f"{MAP}?level=99", f"{MAP}/tiles/0/0/1-1-0.png"):
        site.get(address)
    places = [place_of(Tile(level=1, column=1), 0), place_of(Tile(level=2, column=1, row=2), 1)]
    assert looked.take() == [(1, place) for place in places]
    assert looked.take() == []


def test_maps_with_a_picture_come_before_newer_ones_without(browse, new_lab, tmp_path):
    lab = new_lab(tmp_path / "two")
    draw_map(lab, depth=0)
    file = tmp_path / "newer_map.py"
    file.write_text(Path(small_map.__file__).read_text().replace('name="small_map"', 'name="newer_map"'))
    lab.publish(prepare(Path(axiom.__file__).parent, file))
    assert [row["name"] for row in browse(lab).get("/maps.json").json["maps"]] == ["small_map", "newer_map"]
    lab.db.close()


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


def test_a_pixel_says_what_became_of_it_in_each_repetition_and_who_drew_it(maps_of):
    middle = shown(maps_of, "?x=0&y=1")["pixel"]
    assert middle["ends"] == [{"told": "inside", "times": 3}]
    assert [fate["told"] for fate in middle["fates"]] == [["inside, shade 1 of 3"]] * 3
    assert middle["again"].startswith("axiom experiment run small_map wide=0 level=")
    corner = shown(maps_of, "?x=0.99&y=99&against=1")["pixel"]
    assert corner["ends"] == [{"told": "outside, and in the other: outside", "times": 3}]
    drawers = {shown(maps_of, f"?x=0&y=1&replicate={number}")["pixel"]["drawn_by"]["host"] for number in range(3)}
    assert drawers == {1, 2}


def test_a_pixel_is_computed_again_as_it_was(maps_of, atlas):
    pixel = shown(maps_of, "?level=1&column=0&row=0&x=-0.3&y=0.2&replicate=1")["pixel"]
    words = dict(word.split("=") for word in pixel["again"].split() if "=" in word)
    seed = atlas.db.one("SELECT seed FROM replicate WHERE number = 1")["seed"]
    again = small_map.run(small_map.Config(**{name: int(value) for name, value in words.items()}), seed)
    place = place_of(Tile(**{name: pixel["tile"][name] for name in ("level", "column", "row")}), 0)
    assert again.inside == tiles.one(atlas.db, 1, place, 1).pixels


def test_the_first_page_shows_the_newest_deep_tile_once_there_is_one(maps_of, browse, small_lab):
    publish_map(small_lab)
    assert browse(small_lab).get("/index.json").json["home"]["tile"] is None
    tile = maps_of.get("/index.json").json["home"]["tile"]
    assert tile["level"] == 3
    page = maps_of.get("/").text
    assert tile["src"] in page
    assert maps_of.get(tile["src"]).status == maps_of.get(tile["href"]).status == 200


def test_a_volunteers_page_shows_tiles_that_their_computers_drew(maps_of, atlas):
    shown = maps_of.get("/volunteers/2.json").json["volunteer"]["tiles"]
    assert 1 <= len(shown) <= 6
    assert max(tile["level"] for tile in shown) == 3
    own = {
        (row["config"], row["replicate"])
        for row in atlas.db.select(
            "SELECT config, l.replicate FROM tile l JOIN task t ON t.id = l.task_id WHERE t.host_id = 2"
        )
    }
    for tile in shown:
        side = 1 << tile["level"]
        assert ((side * side - 1) // 3 * 256 + (tile["row"] * side + tile["column"]) * 256, tile["replicate"]) in {
            (config - config % 256, replicate) for config, replicate in own
        }
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
    assert ("/volunteers/2" in pages, '"/hosts/2"' in pages) == (False, True)
    lab.db.close()


def test_maps_are_in_the_menu_and_on_the_page_of_their_experiment(maps_of, site_of):
    assert 'href="/maps/small_map@1"' in maps_of.get("/experiments/small_map").text
    assert "/maps/tiny_sum" not in site_of.get("/experiments/tiny_sum").text
    for path in ("/maps", "/maps/small_map", "/"):
        menu = re.search(r'<nav aria-label="Main">.*?</nav>', maps_of.get(path).text, re.DOTALL)[0]
        assert ('href="/maps"' in menu, "aria-current" in menu) == (True, path != "/")


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


@pytest.mark.parametrize(
    ("address", "status", "fact"),
    [
        ("/maps/tiny", 404, "tiny"),
        ("/maps/small_map@7", 404, "small_map@7"),
        (f"{MAP}?arm=7", 404, "0, 1"),
        (f"{MAP}?against=7", 404, "0, 1"),
        (f"{MAP}?replicate=9", 404, "0 to 2"),
        (f"{MAP}?level=7", 404, "6"),
        (f"{MAP}?level=2&column=4", 404, "0 to 3"),
        (f"{MAP}?x=1.5", 404, "−1 to 1"),
        (f"{MAP}?level=-1", 400, "level=-1"),
        (f"{MAP}?column=two", 400, "column=two"),
        (f"{MAP}?arm=1&against=1", 400, "Arm 1"),
        (f"{MAP}?replicate=all", 400, "replicate=all"),
        (f"{MAP}?x=nan", 400, "x=nan"),
        (f"{MAP}?level=1&x=0.5", 400, "−1.00 to 0.00"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(maps_of, address, status, fact):
    path, _, query = address.partition("?")
    page, data = maps_of.get(address), maps_of.get(f"{path}.json?{query}")
    assert (page.status, data.status) == (status, status)
    assert fact in unescape(page.text)
    assert fact in (data.json["error"]["message"] if status == 404 else " ".join(data.json["misread"]))

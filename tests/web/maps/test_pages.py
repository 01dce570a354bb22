"""A map's page: every view has an address, every control is a link, and what is not there is said in one sentence."""

import re
import sys
from html import unescape
from pathlib import Path

import pytest
import small_map
from map_on_site import draw_map, publish_map

import axiom
from axiom.domain.maps import Tile, place_of
from axiom.lab.experiments.publish import prepare
from axiom.store.accounts import accounts
from axiom.store.maps import tiles
from axiom.web.maps.visits import Visits

MAP = "/maps/small_map"


def links(page: str) -> set[str]:
    return {unescape(address) for address in re.findall(r'href="(/maps/[^"]*)"', page)}


def shown(site, query: str = "") -> dict:
    return site.get(f"{MAP}.json{query}").json["map"]


def test_every_link_and_picture_of_a_view_is_there(maps_of):
    page = maps_of.get(f"{MAP}?level=2&column=1&row=2&arm=0&against=1&replicate=mean").text
    pictures = {unescape(address) for address in re.findall(r'src="(/maps/[^"]*)"', page)}
    assert len(links(page)) > 15
    assert len(pictures) == 4
    assert {address: maps_of.get(address).status for address in links(page) | pictures if "parquet" not in address} == {
        address: 200 for address in links(page) | pictures if "parquet" not in address
    }


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
    assert [one["name"] for one in browse(lab).get("/maps.json").json["maps"]] == ["small_map", "newer_map"]
    lab.db.close()


def test_an_address_stays(maps_of):
    first = shown(maps_of, "?level=3&column=2&row=5&arm=1&replicate=2&x=-0.3&y=10")
    again = maps_of.get(first["here"].replace("?", ".json?")).json["map"]
    assert again == first
    assert (first["level"], first["column"], first["row"], first["arm"], first["replicate"]) == (3, 2, 5, 1, 2)


@pytest.mark.parametrize(
    ("way", "place"),
    [("out", (1, 0, 1)), ("left", (2, 0, 2)), ("right", (2, 2, 2)), ("up", (2, 1, 3)), ("down", (2, 1, 1))],
)
def test_the_controls_lead_where_they_say(maps_of, way, place):
    moves = shown(maps_of, "?level=2&column=1&row=2&replicate=1")["moves"]
    there = maps_of.get(moves[way].replace("?", ".json?")).json["map"]
    assert (there["level"], there["column"], there["row"]) == place
    assert there["replicate"] == 1


def test_the_controls_end_where_the_map_ends(maps_of):
    whole = shown(maps_of)["moves"]
    assert {way for way, href in whole.items() if href} == {"in", "quarters"}
    corner = shown(maps_of, "?level=6&column=63&row=0")["moves"]
    assert {way for way, href in corner.items() if href} == {"out", "whole", "left", "up"}


def test_zooming_in_keeps_the_pixel_in_the_ring(maps_of):
    for x, y, quarter in ((-0.9, 0.02, (0, 0)), (0.9, 0.02, (1, 0)), (-0.9, 90, (0, 1)), (0.9, 90, (1, 1))):
        address = shown(maps_of, f"?x={x}&y={y}")["moves"]["in"]
        there = maps_of.get(address.replace("?", ".json?")).json["map"]
        assert (there["column"], there["row"]) == quarter


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
    found = shown(maps_of, "?level=1&column=0&row=0&x=-0.3&y=0.2&replicate=1")["pixel"]
    words = dict(word.split("=") for word in found["again"].split() if "=" in word)
    seed = atlas.db.one("SELECT seed FROM replicate WHERE number = 1")["seed"]
    again = small_map.run(small_map.Config(**{name: int(value) for name, value in words.items()}), seed)
    place = place_of(Tile(**{name: found["tile"][name] for name in ("level", "column", "row")}), 0)
    assert again.inside == tiles.one(atlas.db, 1, place, 1).pixels


def test_a_volunteer_who_shows_no_hosts_is_not_named(maps_of, browse, new_lab, tmp_path):
    assert "/volunteers/2" in maps_of.get(f"{MAP}?replicate=1").text + maps_of.get(MAP).text
    lab = new_lab(tmp_path / "shy")
    draw_map(lab, depth=0)
    with lab.db.transaction():
        accounts.set_profile(lab.db, 2, name="Grace", country="", website="", is_exported=False, shows_hosts=False)
    pages = [browse(lab).get(f"{MAP}?replicate={number}").text for number in range(3)]
    assert "/volunteers/2" not in "".join(pages)
    assert '"/hosts/2"' in "".join(pages)


def test_what_is_not_computed_yet_is_shown_from_above(maps_of):
    page = maps_of.get(f"{MAP}?level=3&column=0&row=0")
    assert "Not computed yet; shown from level" in page.text
    assert shown(maps_of, "?level=3&column=0&row=0")["from"] < 3
    assert shown(maps_of, "?level=1&column=0&row=0")["from"] is None
    assert "Not computed yet" not in maps_of.get(MAP).text


def test_an_empty_map_says_how_long_its_first_tile_takes(browse, small_lab):
    publish_map(small_lab)
    page = browse(small_lab).get(MAP)
    assert page.status == 200
    assert "No tile yet. The whole map at level 0 takes one computer about 40\xa0seconds." in unescape(page.text)
    assert "leaflet" not in page.text


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/maps/tiny", 404, "There is no map tiny."),
        ("/maps/small_map@7", 404, "There is no map small_map@7."),
        (f"{MAP}?arm=7", 404, "There is no arm 7 of small_map; its arms are 0, 1."),
        (f"{MAP}?against=7", 404, "There is no arm 7 of small_map; its arms are 0, 1."),
        (f"{MAP}?replicate=9", 404, "Repetition 9 of small_map is not drawn; drawn so far: 0 to 2."),
        (f"{MAP}?level=7", 404, "There is no level 7 of small_map; the deepest is 6."),
        (f"{MAP}?level=2&column=4", 404, "Column 4, row 0 lies outside of small_map; at level 2 both go from 0 to 3."),
        (f"{MAP}?x=1.5", 404, "x=1.5 lies outside of the map, where how far right goes from −1 to 1."),
        (f"{MAP}?level=-1", 400, "level=-1 means nothing here; level is a whole number."),
        (f"{MAP}?column=two", 400, "column=two means nothing here; column is a whole number."),
        (f"{MAP}?arm=1&against=1", 400, "Arm 1 does not differ from itself; choose another one for the difference."),
        (f"{MAP}?replicate=all", 400, "replicate=all means nothing here; replicate is a whole number, or mean."),
        (f"{MAP}?x=nan", 400, "x=nan means nothing here; x is a number."),
        (f"{MAP}?level=1&x=0.5", 400, "0.5 lies outside of this view, where how far right goes from −1.00 to 0.00."),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(maps_of, address, status, said):
    path, _, query = address.partition("?")
    page, data = maps_of.get(address), maps_of.get(f"{path}.json?{query}")
    assert (page.status, data.status) == (status, status)
    words = " ".join(re.sub(r"<[^>]+>", " ", unescape(page.text)).split())
    assert said.rstrip(".") in words
    told = data.json["error"]["message"] if status == 404 else " ".join(data.json["misread"])
    assert said in told


def test_no_page_takes_longer_because_there_are_more_tiles(browse, new_lab, atlas, tmp_path, monkeypatch):
    async def at_once(function, *words, **named):
        return function(*words, **named)

    monkeypatch.setattr("starlette.routing.run_in_threadpool", at_once)
    lab = new_lab(tmp_path / "large")
    publish_map(lab)
    lab.deploy(workunits=1)
    site = browse(lab)
    site.app._fresh = 0.0

    def calls(address: str) -> int:
        amount = 0

        def count(_frame, event: str, _argument: object) -> None:
            nonlocal amount
            amount += event in {"call", "c_call"}

        assert site.get(address).status == 200
        sys.setprofile(count)
        try:
            site.get(address)
        finally:
            sys.setprofile(None)
        return amount

    addresses = ("/maps", MAP, f"{MAP}?level=2&column=1&row=1", "/maps/small_map/views/0/0/1-0-0.png", "/")
    pixels = atlas.db.one("SELECT shares, pixels FROM tile WHERE level = 0")

    def draw(level: int) -> None:
        places = [
            place_of(Tile(level=level, column=column, row=row), 0)
            for column in range(1 << level)
            for row in range(1 << level)
        ]
        lab.db.many(
            "INSERT INTO tile (experiment_id, replicate, config, arm, level, state, worth, task_id, shares, pixels, "
            "drawn_at) VALUES (1, 0, :config, 0, :level, 'drawn', 0, 1, :shares, :pixels, :now)",
            [{"config": place, "level": level, **pixels, "now": place} for place in places],
        )

    with lab.db.transaction():
        for level in range(4):
            draw(level)
    few = {address: calls(address) for address in addresses}
    with lab.db.transaction():
        for level in (4, 5, 6):
            draw(level)
    many = {address: calls(address) for address in addresses}
    assert {address: many[address] - few[address] for address in addresses if many[address] > few[address] + 100} == {}

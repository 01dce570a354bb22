"""Tiles on pages of something else: the first page, those of volunteers and of the experiment."""

import re

import pytest
from account_site import Visitor, receiving
from map_on_site import draw_map, publish_map

from axiom.store.accounts import accounts


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


def test_nobody_sees_which_tiles_a_volunteer_drew_who_shows_no_computers(browse, new_lab, tmp_path):
    lab = new_lab(tmp_path / "shy")
    draw_map(lab, depth=1)
    assert browse(lab).get("/volunteers/2.json").json["volunteer"]["tiles"]
    with lab.db.transaction():
        accounts.set_profile(lab.db, 2, name="Grace", country="", website="", is_exported=False, shows_hosts=False)
    assert browse(lab).get("/volunteers/2.json").json["volunteer"]["tiles"] == []
    lab.db.close()


def test_the_page_of_an_experiment_leads_to_its_map(maps_of, site_of):
    assert 'href="/maps/small_map@1"' in maps_of.get("/experiments/small_map").text
    assert "/maps/tiny_sum" not in site_of.get("/experiments/tiny_sum").text


@pytest.mark.parametrize("path", ["/maps", "/maps/small_map", "/"])
def test_maps_are_in_the_menu(maps_of, path):
    menu = re.search(r'<nav aria-label="Main">.*?</nav>', maps_of.get(path).text, re.DOTALL)[0]
    assert re.findall(r">([^<>]+)</a>", menu) == ["What we found", "Questions", "Maps", "Take part", "How it works"]
    assert ("aria-current" in menu) == (path != "/")


def test_who_is_signed_in_sees_their_own_tiles(new_lab, tmp_path):
    lab = new_lab(tmp_path / "own")
    draw_map(lab, depth=1)
    with receiving(lab, "http://lab.example/") as app:
        ada = Visitor(app=app, folder=lab.folder)
        assert ada.register().status == 303
        assert "drew these tiles" not in ada.ask("/account").text
        app.writer.run(lambda db: db.execute("UPDATE host SET volunteer_id = 3 WHERE volunteer_id = 2"))
        page = ada.ask("/account").text
        ada.close()
    assert "Your computers drew these tiles" in page
    assert 1 <= page.count('class="pix"') <= 6

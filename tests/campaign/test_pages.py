"""Every page of the site in a real browser, light and dark, on a telephone and on a desk."""

from browser import MODES, tour
from furnished_lab import fill, furnish_more
from map_on_site import draw_map, publish_map
from real_parts import need
from site_pages import ADDRESSES, EMPTY, MAP, ON_THE_MAP, explored_sum, served, suspended_card

pytestmark = need("chromium")


def test_everybody_can_read_every_page_in_both_colours_and_at_both_widths(page, new_lab, prepared, tmp_path):
    site, card, explored, atlas, empty = (
        new_lab(tmp_path / name) for name in ("site", "card", "explored", "atlas", "empty")
    )
    fill(site, prepared)
    furnish_more(site, prepared)
    suspended_card(card, prepared)
    explored_sum(explored, tmp_path)
    draw_map(atlas, depth=1)
    publish_map(empty)
    for lab, paths in (
        (site, ADDRESSES),
        (card, ["/findings/1"]),
        (explored, ["/experiments/explored_sum@1"]),
        (atlas, ON_THE_MAP),
        (empty, [*EMPTY, MAP]),
    ):
        with served(lab) as address:
            assert tour(page, [address + path for path in paths], [MODES]) == {}

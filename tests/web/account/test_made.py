"""The account's home shows what its computers made, in each language."""

import re

import pytest
from site_pages import explored_sum

from axiom.domain.credit import Award
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.store.credit import ledger, tariffs

_RED = re.compile(r'd="M[^"]*A[^"]*" transform="[^"]*" fill="var\(--margin\)"/>')


@pytest.fixture
def explored(small_lab, tmp_path):
    explored_sum(small_lab, tmp_path)
    return small_lab


def test_home_shows_the_red_points_of_the_newest_paid_task(explored, ada):
    def pay(db) -> None:
        tariff = tariffs.add_tariff(db, PRESETS["S5"], explored.now)
        award = Award(
            task_id=2, reason="computed", host_id=1, volunteer_id=ada.account()[0].id, amount=1_000, because=""
        )
        ledger.book_awards(db, [award], tariff_id=tariff, now=explored.now)

    ada.app.writer.run(pay)
    made = ada.ask("/account.json").json["account"]["made"]
    assert (made["task"], made["points"] > 1) == (2, True)
    for language, words in (("en", "red points"), ("de", "roten Punkte"), ("fr", "points rouges")):
        page = ada.ask("/account", accept_language=language).text
        assert f"{made['points']} {words}" in page
        assert (
            len(re.findall(r'd="M[^"]*A[^"]*" transform="[^"]*" fill="var\(--margin\)"/>', page)) == 2 * made["points"]
        )

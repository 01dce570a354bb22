from datetime import UTC, datetime

import pytest

from axiom.decisions.accounts.visibility import as_shown, heard
from axiom.domain.fleet import Team
from axiom.domain.ledger import Balance

LATER = "country, website and text are shown from the first credit on"


@pytest.mark.parametrize(
    ("balance", "may", "reason"),
    [
        (None, False, LATER),
        (Balance(total=0, recent=0.0, recent_at=0), False, LATER),
        (Balance(total=-1, recent=0.0, recent_at=0), False, LATER),  # as a correction may leave it
        (Balance(total=1, recent=0.0, recent_at=0), True, "there is credit"),
    ],
)
def test_who_has_credit_is_heard(balance, may, reason):
    found = heard(balance)
    assert (found.may, found.reason) == (may, reason)


def test_of_a_team_only_the_name_is_shown_until_its_founder_has_credit():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    team = Team(id=1, name="Owls", founder_id=2, country="Norway", website="https://t.org", about="we", created_at=at)
    quiet = as_shown(team, None)
    assert (quiet.name, quiet.founder_id, quiet.country, quiet.website, quiet.about) == ("Owls", 2, "", "", "")
    assert as_shown(team, Balance(total=1, recent=0.0, recent_at=0)) == team

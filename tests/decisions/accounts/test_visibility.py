from datetime import UTC, datetime

import pytest

from axiom.decisions.accounts.visibility import as_shown, heard
from axiom.domain.fleet import Team
from axiom.domain.ledger import Balance


@pytest.mark.parametrize(("total", "may"), [(None, False), (0, False), (-1, False), (1, True)])
def test_who_has_credit_is_heard(total, may):  # a correction may leave less than nothing
    balance = None if total is None else Balance(total=total, recent=0.0, recent_at=0)
    assert heard(balance).may is may


def test_of_a_team_only_the_name_is_shown_until_its_founder_has_credit():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    team = Team(id=1, name="Owls", founder_id=2, country="Norway", website="https://t.org", about="we", created_at=at)
    quiet = as_shown(team, None)
    assert (quiet.name, quiet.founder_id, quiet.country, quiet.website, quiet.about) == ("Owls", 2, "", "", "")
    assert as_shown(team, Balance(total=1, recent=0.0, recent_at=0)) == team

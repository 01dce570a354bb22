"""May others read what a volunteer or a team says of itself? Whoever opens accounts to advertise computes nothing."""

from dataclasses import dataclass, replace

from axiom.domain.credit import Balance
from axiom.domain.fleet import Team
from axiom.locale.languages import mark


@dataclass(frozen=True, kw_only=True, slots=True)
class VisibilityDecision:
    """Yes or no, and why."""

    may: bool
    reason: str


def judge_visibility(balance: Balance | None) -> VisibilityDecision:
    """Decide from what the volunteer has, or of a team the one who looks after it. A name is always shown."""
    if balance is not None and balance.total > 0:
        return VisibilityDecision(may=True, reason="there is credit")
    return VisibilityDecision(may=False, reason=mark("country, website and text are shown from the first credit on"))


def hide_team_profile(team: Team, founder: Balance | None) -> Team:
    """The team with what others may read of it, by what its founder has."""
    return team if judge_visibility(founder).may else replace(team, country="", website="", about="")

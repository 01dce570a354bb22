"""May more of an experiment be ordered before its preflight, or after one that failed?"""

from axiom.laboratory.experiments.rules.gates import PreflightVerdict


def may_order_more(
    newest: bool | None,
    *,
    is_offered: bool,
    is_for_volunteer: bool,
    had_passed: bool = False,
    is_read: bool = True,
) -> PreflightVerdict:
    """May more of an experiment be ordered? `newest`: whether its newest bundle passed, None before its preflight.

    The laboratory's own hosts compute what its operator wrote once it was read (`is_read`); but nobody is asked for
    more of what is known to be broken, and nothing is meant for a volunteer's host that it could not get.
    `had_passed`: the gates of before let this bundle through, so that what fails those of today is no news to the
    laboratory's own hosts.
    """
    if not is_read:
        return PreflightVerdict(passed=False, reason="not even the laboratory's own hosts may have it")
    if newest is False and not (had_passed and not is_for_volunteer):
        return PreflightVerdict(passed=False, reason="its preflight failed")
    if is_for_volunteer and not is_offered:
        return PreflightVerdict(passed=False, reason="it waits for its preflight, before which it goes to no volunteer")
    if newest is False:
        return PreflightVerdict(
            passed=True,
            reason="it passed the gates of before, and not those of today: only the laboratory's own hosts get it",
        )
    if not is_offered:
        return PreflightVerdict(
            passed=True, reason="it waits for its preflight; until then only the laboratory's own hosts get it"
        )
    return PreflightVerdict(passed=True, reason="any host may have it")

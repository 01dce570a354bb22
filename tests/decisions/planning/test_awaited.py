"""A core to which nothing can be given is told which versions it waits for."""

from plan_candidates import candidate

from axiom.decisions.experiments.release_stages import Stage
from axiom.decisions.planning.awaited import awaited
from axiom.decisions.planning.candidates import FIRST_IS_OUT


def test_versions_that_are_let_out_are_waited_for_by_stage():
    asked = [
        candidate(1, stage=Stage.PILOT, pilot_missing=3),
        candidate(2, stage=Stage.PILOT, in_progress=3),
        candidate(2, stage=Stage.PILOT, in_progress=3, registration_id=9),  # the same version
        candidate(3, stage=Stage.WIDER, unsent=20),
        candidate(4, stage=Stage.SHARE, in_progress=1),
    ]
    pilots, wider, share = awaited(asked).split("; ")
    assert pilots.startswith("2 versions in the pilot")
    assert wider.startswith("1 version in the wider pilot")
    assert share.startswith("1 version at a twentieth of the cores")


def test_what_is_out_is_waited_for_and_what_can_go_no_further_is_not():
    assert "what is out of 2 versions" in awaited([candidate(1, in_progress=2), candidate(2, fault=FIRST_IS_OUT)])
    at_an_end = [
        candidate(1),
        candidate(2, stage=Stage.PAUSED),
        candidate(3, stage=Stage.PILOT, pilot_missing=3, fault="its preflight failed"),
        candidate(4, stage=Stage.SHARE),
    ]
    assert awaited(at_an_end) == ""

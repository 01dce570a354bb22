"""A core to which nothing can be given is told which versions it waits for."""

from plan_candidates import candidate

from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom.laboratory.planning.rules.why_cores_idle import describe_awaited_work


def test_versions_that_are_let_out_are_waited_for_by_stage():
    asked = [
        candidate(1, stage=Stage.PILOT, pilot_missing=3),
        candidate(2, stage=Stage.PILOT, in_progress=3),
        candidate(2, stage=Stage.PILOT, in_progress=3, registration_id=9),  # the same version
        candidate(3, stage=Stage.WIDER, unsent=20),
    ]
    pilots, wider = describe_awaited_work(asked).split("; ")
    assert pilots.startswith("2 versions in the pilot")
    assert wider.startswith("1 version in the wider pilot")
    assert "what is out of 2 versions" in describe_awaited_work(
        [candidate(1, in_progress=2), candidate(2, fault=FIRST_IS_OUT)]
    )
    at_an_end = [candidate(1), candidate(2, stage=Stage.PAUSED), candidate(4, stage=Stage.WIDER)]
    assert (
        describe_awaited_work(
            [*at_an_end, candidate(3, stage=Stage.PILOT, pilot_missing=3, fault="its preflight failed")]
        )
        == ""
    )

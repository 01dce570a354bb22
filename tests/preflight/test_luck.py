"""What luck says of a placebo is not the last word."""

from pathlib import Path

from real_parts import need
from scripted_scientists import good_questions

import axiom
from axiom.laboratory.experiments import preflight
from axiom.laboratory.experiments.rules.gates import judge_preflight
from axiom.limits import experiments as limits

pytestmark = need("bwrap")
UNLUCKY = b"42"  # of 300 secrets one of the four at whose seeds the placebo of this file hints at an effect


def test_a_placebo_that_hints_by_luck_is_run_at_more_seeds_and_passes(tmp_path):
    question = next(good_questions())
    file = tmp_path / f"{question.name}.py"
    file.write_text(question.text())
    made = preflight.pack_in_sandbox(Path(axiom.__file__).parent, file)
    attempt = preflight.preflight_bundle(made.archive, secret=UNLUCKY)
    seeds = {run.is_planted: len({cell.seed for cell in run.tried}) for run in attempt.controls}
    assert seeds == {True: limits.CONTROL_SEEDS, False: limits.PLACEBO_MOST_SEEDS}
    assert judge_preflight(attempt, preflight.preflight_demands(made.manifest)).passed

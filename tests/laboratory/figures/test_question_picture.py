"""Which picture tells an answer: the front page shows first what is drawn of what the answer says."""

import pytest
from tiny_experiment import prepare_text, tiny_source

from axiom.laboratory.figures.rules.question_picture import rank_question_picture


@pytest.mark.parametrize(
    ("drawn", "is_recorded", "has_estimates", "rank"),
    [
        ("total", False, False, 0),
        ("total", True, True, 0),
        ("total", True, False, 1),  # the makers' repetitions
        (None, False, False, 1),
        (None, True, False, 1),
        ("count", True, True, 1),
        ("count", False, False, 2),
    ],
)
def test_a_course_of_the_answer_comes_before_repetitions_and_these_before_another(
    tmp_path, drawn, is_recorded, has_estimates, rank
):
    text = tiny_source().replace("import Experiment,", "import Experiment, Figure,")
    if drawn:
        text = text.replace("needs=", f'figure=Figure(x="size", y="{drawn}", title="Drawn"), needs=')
    manifest = prepare_text("tiny_sum", text, tmp_path).manifest
    assert rank_question_picture(manifest, ["grows"], is_recorded=is_recorded, has_estimates=has_estimates) == rank

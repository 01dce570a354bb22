"""Which picture tells an answer: the front page shows first what is drawn of what the answer says."""

from furnished_lab import weighed
from tiny_experiment import prepare_text, tiny_source

from axiom.laboratory.figures.rules.question_picture import mark_compared_arms, rank_question_picture
from axiom_weigh.figures.picture_data import SweepPoint


def rank(place, drawn, *, is_recorded, has_estimates=False):
    text = tiny_source().replace("import Experiment,", "import Experiment, Figure,")
    if drawn:
        text = text.replace("needs=", f'figure=Figure(x="{drawn[0]}", y="{drawn[1]}", title="Drawn"), needs=')
    place.mkdir()
    manifest = prepare_text("tiny_sum", text, place).manifest
    return rank_question_picture(manifest, ["grows"], is_recorded=is_recorded, has_estimates=has_estimates)


def test_a_course_of_the_answer_comes_before_repetitions_and_these_before_another(tmp_path):
    own = rank(tmp_path / "own", ("size", "total"), is_recorded=False)
    courses = [own, rank(tmp_path / "kept", ("size", "total"), is_recorded=True, has_estimates=True)]
    repetitions = [
        rank(tmp_path / "values", ("size", "total"), is_recorded=True),
        rank(tmp_path / "none", None, is_recorded=False),
        rank(tmp_path / "other", ("size", "count"), is_recorded=True, has_estimates=True),
    ]
    another = rank(tmp_path / "another", ("size", "count"), is_recorded=False)
    assert max(courses) < min(repetitions)
    assert max(repetitions) < another


def test_a_course_of_one_line_comes_before_that_of_two(tmp_path):
    lines = []
    for shifts in ("[0]", "[0, 1]"):
        (place := tmp_path / f"lines-{len(lines)}").mkdir()
        text = tiny_source(has_shift=True).replace("shift=[0]", f"shift={shifts}")
        text = text.replace("import Experiment,", "import Experiment, Figure,")
        text = text.replace("needs=", 'figure=Figure(x="size", y="total", title="Drawn"), needs=')
        manifest = prepare_text("tiny_sum", text, place).manifest
        lines.append(rank_question_picture(manifest, ["grows"], is_recorded=False, has_estimates=False))
    assert lines[0] < lines[1]


def test_a_number_of_several_designs_is_not_told_as_that_of_the_two_points(tmp_path):
    text = tiny_source().replace("import Experiment,", "import Experiment, Figure,")
    text = text.replace("needs=", 'figure=Figure(x="size", y="total", title="Drawn"), needs=')
    manifest = prepare_text("tiny_sum", text, tmp_path).manifest
    points = {place: SweepPoint(x=size, estimate=float(size)) for place, size in enumerate((1, 2))}
    (one, _), (two, _) = (
        mark_compared_arms(manifest, ["grows"], {"grows": weighed(2, designs=designs)}, points) for designs in (1, 2)
    )
    assert "designs" not in " ".join(one.more)
    assert "over 2 designs" in " ".join(two.more)

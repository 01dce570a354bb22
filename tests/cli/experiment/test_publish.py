"""`axiom experiment publish`: what is told of a file that is published, and of one that cannot be."""

import pytest
from tiny_experiment import tiny_source

from axiom.laboratory.experiments.rules.source_rules import check_source

BROKEN = tiny_source().replace("def run(config, seed):", "def run(config, seed:")
SEEDS = "    import numpy as np\n    np.random.seed(0)\n    return Measures("


@pytest.mark.usefixtures("lab")
def test_two_new_files_are_published_side_by_side(say, say_to, tmp_path):
    for name in ("my_width", "my_width2"):
        assert say_to(None, "experiment", "new", name, "--in", tmp_path)[0] == 0
        assert say("experiment", "publish", tmp_path / f"{name}.py")[0] == 0


@pytest.mark.usefixtures("lab")
def test_whoever_publishes_is_told_what_keeps_it_from_volunteers_each_time(say, tiny_file):
    assert say("experiment", "publish", tiny_file, "--json")[1]["experiment"]["refusals"] == []
    tiny_file.write_text(tiny_file.read_text().replace("    return Measures(", SEEDS))
    (refusal,) = (row for row in check_source(tiny_file.read_text(), "tiny_sum") if "seed" in row.sentence)
    for words in (("--dry-run",), (), ()):
        publish = ("experiment", "publish", tiny_file, *words)
        assert refusal.sentence in [row["sentence"] for row in say(*publish, "--json")[1]["experiment"]["refusals"]]
        assert refusal.sentence.rstrip(".") in say(*publish)[2]


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("text", [BROKEN, tiny_source(top="import torch")], ids=["syntax", "import"])
def test_what_keeps_a_file_from_being_read_is_told_alike_by_each_command(say, tiny_file, text):
    tiny_file.write_text(text)
    (refusal,) = check_source(text, "tiny_sum")
    why = refusal.sentence.rstrip(".")
    for command in (("publish",), ("run", "--seed", "1")):
        status, _, err = say("experiment", command[0], tiny_file, *command[1:])
        assert status == 1
        assert f"line {refusal.line}: {why}" in err
    status, out, err = say("experiment", "preflight", tiny_file)
    assert (status, why in out) == (1, True)
    assert "cells" not in err  # none was computed

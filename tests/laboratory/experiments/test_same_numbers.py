"""A finding rests on one program: a changed text may take the place of another only if it gives the same numbers."""

import pytest
from real_parts import need
from tiny_experiment import prepare_text, tiny_source

from axiom.errors import Refused
from axiom.laboratory.experiments.same_numbers import demand_same_numbers
from axiom.store.engine import counters


@need("bwrap")
def test_other_numbers_are_refused_under_a_version_of_which_results_are_back(small_lab, tmp_path):
    text = tiny_source()
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    larger = prepare_text("tiny_sum", text.replace("float(config.size)", "config.size + 1.0"), tmp_path)
    faulty = prepare_text("tiny_sum", text.replace("float(config.size)", "float(config.size / 0)"), tmp_path)
    repaired = prepare_text("tiny_sum", tiny_source(top="REPAIRED = True"), tmp_path)
    later = prepare_text("tiny_sum", text.replace("float(config.size)", "2.0").replace("n=1", "n=2"), tmp_path)
    demand_same_numbers(small_lab.folder, larger)  # nothing rests on the published text yet
    counters.add_to_counter(small_lab.db, "result", 1, "valid", 3)
    for made in (larger, faulty):
        with pytest.raises(Refused):
            demand_same_numbers(small_lab.folder, made)
    for made in (repaired, later):
        demand_same_numbers(small_lab.folder, made)

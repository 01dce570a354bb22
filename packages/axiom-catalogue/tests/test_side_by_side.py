"""What a GPU computes as one batch, computed here on a core: the cells agree with the same ones alone."""

import json
from dataclasses import asdict, replace

import make_golden
import pytest

from axiom.domain.work import Outcome, Result
from axiom.kit import side_by_side
from axiom.rules.tasks.agreement import compare_cells

BATCHED = [name for name in make_golden.names() if make_golden.load(name).needs.side_by_side]
OF_OLD = {  # had copies for GPUs in the old laboratory
    *("compositional_generalization", "feature_competition_dynamics", "spectral_dynamics"),
    *("feature_rank_dynamics", "memorization_dynamics", "neuron_specialization"),
}
ALSO = {  # whose golden cell trains nothing by steps, or is as dear
    "spectral_dynamics": {"task": "clusters", "lr": 0.1, "epochs": 3},
}


def results(ended):
    return [
        Result(
            task_id=0,
            experiment_id=0,
            replicate=seed,
            config=0,
            seed=seed,
            outcome=Outcome.OK,
            measures=asdict(measures),
            early=tuple(heard.early_values),
            cpu_seconds=0.0,
        )
        for seed, (measures, heard) in enumerate(ended)
    ]


def test_the_experiments_that_had_copies_for_gpus_may_use_them_and_four_more():
    assert set(BATCHED) > OF_OLD
    assert len(BATCHED) == len(OF_OLD) + 4


@pytest.mark.parametrize("name", BATCHED)
def test_a_batch_agrees_with_its_cells_alone(name, monkeypatch):
    experiment, sizes, answer = make_golden.load(name), [], side_by_side._Wave._compute
    golden = json.loads((make_golden.GOLDEN / f"{name}.json").read_text(encoding="utf-8"))["config"]
    config = replace(make_golden.cheapest(experiment), **golden | ALSO.get(name, {}))
    alone = [make_golden.compute(experiment, config, seed) for seed in range(3)]
    monkeypatch.setattr(
        side_by_side._Wave, "_compute", lambda wave, key, group: sizes.append(len(group)) or answer(wave, key, group)
    )
    books = [make_golden.Notebook() for _ in alone]
    ended = list(side_by_side.compute(experiment.run, [(config, seed) for seed in range(3)], books))
    assert [fault for _, fault in ended] == [None] * 3
    joined = [(measures, book) for (measures, _), book in zip(ended, books, strict=True)]
    compared = compare_cells(results(alone), results(joined), early=experiment.tolerance)
    assert compared.agrees, compared.reason
    assert max(sizes) == 3  # what all of them call is one program

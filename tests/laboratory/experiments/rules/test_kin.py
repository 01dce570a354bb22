"""Which files are kin: sisters and disguises are, others of the catalogue are not; and hostile ones cost no more."""

import itertools
import time
from collections import Counter

import pytest
from disguises import DISGUISES, disguised

from axiom import shipped
from axiom.domain.preflights import KinRun
from axiom.laboratory.experiments.rules.kin import find_kinship, outline_code, why_informed

TEXTS = {file.stem: file.read_text() for file in sorted(shipped.catalogue_folder().glob("[a-z]*.py"))}
SISTERS = {
    ("antisymmetric_start", "layer_balance"),
    ("curriculum_by_width_and_rate", "curriculum_learning_dynamics"),
    ("edge_of_chaos", "edge_of_chaos_by_radius"),
    ("frequencies_at_size", "ways_of_adding"),
    ("frozen_readout", "layer_balance"),
    ("grokking_transition", "transition_at_size"),
    ("information_bottleneck", "information_bottleneck_deep"),
    ("label_scars", "scars_or_size"),
    ("starvation_under_dropout", "starvation_under_gradient_normalisation"),
}


@pytest.fixture(scope="module")
def codes():
    return {name: outline_code(text, is_shipped=True) for name, text in TEXTS.items()}


@pytest.fixture(scope="module")
def usual(codes):
    return Counter(part for code in codes.values() for part in code.parts)


def test_of_all_pairs_of_the_catalogue_only_sisters_are_kin(codes, usual):
    kin = {
        pair
        for pair in itertools.combinations(codes, 2)
        if (nearness := find_kinship(codes[pair[0]], codes[pair[1]], usual)) and not nearness.of_author
    }
    assert kin == SISTERS


@pytest.mark.parametrize("how", [*((name,) for name in DISGUISES), tuple(DISGUISES)], ids="+".join)
def test_a_file_is_found_in_each_disguise(codes, usual, how):
    for name, text in [*TEXTS.items()][::9]:  # the campaign takes all
        nearness = find_kinship(codes[name], outline_code(disguised(text, how, seed=1)), usual)
        assert nearness, name
        assert not nearness.of_author, name


def test_what_measures_the_same_over_the_same_factors_is_kin_whatever_it_computes():
    fields = "class A:\n    width: int\n    rate: float\nclass B:\n    loss: float\n    steps: int\n"
    other = "class C:\n    steps: int\n    loss: float\nclass D:\n    rate: float\n    width: int\n"
    assert find_kinship(outline_code(fields + "def run(a): return max(a, 2 * a + 1)"), outline_code(other), {})
    assert not find_kinship(outline_code(fields), outline_code(other.replace("rate", "batch")), {})


@pytest.mark.parametrize("text", ["(" * 90 + ")" * 90, "a" + "+a" * 40_000, "f(" + "a, " * 40_000 + ")", "def ("])
def test_a_hostile_text_is_read_in_time_that_grows_with_its_length(text):
    began = time.process_time()
    outline_code(text)
    assert time.process_time() - began < 5.0


WORK = "sum(max(abs(c.width - n) ** 2, seed * n + 1, len(str(n * seed))) for n in range(c.width * 3))"
PLAIN = f"def run(c, seed):\n    return {WORK}\n"
HIDDEN = [
    f"def keep(f):\n    return lambda _: f\n\n@keep(lambda c, seed: {WORK})\ndef work(c, seed):\n    return 0\n",
    f"@keep(lambda c, seed: {WORK})\nclass Work:\n    pass\n",
    f"def work(c, seed, how=lambda c, seed: {WORK}):\n    return how(c, seed)\n",
    f"def work(c, seed, *, how=lambda c, seed: {WORK}):\n    return how(c, seed)\n",
    f"class Work:\n    how = lambda c, seed: {WORK}\n",
    f"class Work:\n    how: (lambda c, seed: {WORK})\n",
    f"def work(c, seed: (lambda c, seed: {WORK})) -> None:\n    return 0\n",
    f"experiment = Experiment(name='a', question=(work := lambda c, seed: {WORK}, 'a')[1])\n",
]


@pytest.mark.parametrize("text", HIDDEN)
def test_whatever_is_evaluated_counts_wherever_it_stands(text):
    nearness = find_kinship(outline_code(PLAIN), outline_code(text), {})
    assert nearness is not None
    assert nearness.share > 0.8


STEPS = "def run(c, seed):\n" + "".join(f"    a{n + 1} = a{n} * c.x\n" for n in range(30)) + "    return a30\n"
UNREADABLE = [
    STEPS,
    f"{PLAIN}\n\n{STEPS.replace('run', 'other')}",  # beside what can be read
    f"CODE = {'x' * 400!r}\n{PLAIN}",
    f"CODE = {10**300}\n{PLAIN}",
    PLAIN.replace("str(n", "str(experiment.question"),
    PLAIN.replace("str(n", "str(run.__doc__"),
    f"def sure():\n    for n in range(9):\n        n = n * 7 % 5\n    return n\n\n{PLAIN}\nSURE = sure()\n",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_is_said_to_be(text):
    assert outline_code(PLAIN).is_readable
    assert not outline_code(text).is_readable
    assert why_informed([], is_readable=False)


def test_every_file_of_the_catalogue_can_be_read(codes):
    assert [name for name, code in codes.items() if not code.is_readable] == []


def test_what_was_run_before_is_named_and_counted():
    tried = [KinRun(name="own", draft=number) for number in (3, 4)]
    assert why_informed([]) == ""
    assert why_informed(tried) == "informed by 2 earlier tries of its kin, drafts 3 and 4"
    computed = why_informed([*tried[:1], KinRun(name="catapult_phase@1"), KinRun(name="loss_surfaces")])
    assert computed == (
        "informed by an earlier try of its kin, draft 3 and by what was computed of catapult_phase@1 and by what "
        "Axiom's own loss_surfaces says of its pilots"
    )

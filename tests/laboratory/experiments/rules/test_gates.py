"""What each gate says of facts: one that is sound passes all of them, and each fault is seen by its own gate."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.preflights import GATES, Attempt, ControlDemand, ControlRun, Demands, Refusal, TriedCell
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.preflight_report import why_out_of_order
from axiom.laboratory.experiments.rules.gates import GateState, judge_preflight
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.limits import experiments as limits

ESTIMAND = {"name": "grows", "kind": "contrast", "measure": "total", "across": "", "smallest": 0.1, "null": 0.0}
ESTIMAND |= {"between": [{"size": 3}, {"size": 1}], "expects": "+", "bounds": [-5.0, 5.0]}
PLACEBO = ({"size": 1, "pull": 0.0}, {"size": 3, "pull": 0.0})
PLANTED = ({"size": 1, "pull": 2.0}, {"size": 3, "pull": 2.0})
CONFIGS = ({"size": 1, "pull": 1.0}, {"size": 2, "pull": 1.0}, {"size": 3, "pull": 1.0})
DEMANDS = Demands(
    configs=CONFIGS,
    seconds=(1.0, 2.0, 3.0),
    allowed_seconds=(60.0, 60.0, 90.0),
    ranges={"size": (1.0, 9.0)},
    estimands=(ESTIMAND,),
    controls=(ControlDemand(estimand="grows", placebo=PLACEBO, planted=PLANTED),),
)
ALIKE = (SAME_LOW, SAME_HIGH)
NOISE = (0.02, -0.01, 0.03, -0.02, 0.01, -0.03, 0.015, -0.015) * 8


def tried(config: int, seed: int = 0, **changes) -> TriedCell:
    """A cell that ended well; its measure grows with its place."""
    facts = dict.fromkeys(("digest", "mark"), f"{1000 * seed + config:064x}") | {"measures": {"total": float(config)}}
    sound = TriedCell(config=config, seed=seed, outcome=Outcome.OK, cpu_seconds=config + 1.0, **facts)
    return replace(sound, **changes)


def run(
    *, is_planted: bool, effect: float = 1.0, seeds: int = limits.CONTROL_SEEDS, noise: float = 1.0, **changes
) -> ControlRun:
    """Two arms at each seed; what lies between them is noise, and the effect where one was planted."""
    cells = [
        tried(place, seed, **{"measures": {"total": place * (noise * NOISE[seed - 1] + effect * is_planted)}} | changes)
        for seed in range(1, seeds + 1)
        for place in (0, 1)
    ]
    return ControlRun(estimand="grows", is_planted=is_planted, tried=tuple(cells))


def spent(cheap: float, dear: float) -> tuple[TriedCell, ...]:
    """The cells at other seeds, at these costs."""
    seconds = (cheap, (cheap + dear) / 2, dear)
    return tuple(tried(place, seed, cpu_seconds=seconds[place]) for seed in ALIKE for place in range(3))


SOUND = Attempt(
    bundle="ab" * 32,
    gates=GATES,
    platform="linux-x86_64-avx2",
    seed=7,
    first=(tried(0), tried(1), tried(2)),
    again=(tried(2), tried(1), tried(0)),
    others=tuple(tried(place, seed) for seed in ALIKE for place in range(3)),
    controls=(run(is_planted=False), run(is_planted=True)),
)


def of_others(place: int, *seeds: int, **changes) -> tuple[TriedCell, ...]:
    """The cells at other seeds, of which those of a config at some seeds are changed."""
    return tuple(replace(one, **changes) if one.config == place and one.seed in seeds else one for one in SOUND.others)


def alike(config: int, other: int) -> dict[str, tuple[TriedCell, ...]]:
    """All cells of the sweep, where two configs return the same."""
    return {
        part: tuple(
            replace(one, digest=tried(config, one.seed).digest) if one.config == other else one for one in cells
        )
        for part, cells in (("first", SOUND.first), ("again", SOUND.again), ("others", SOUND.others))
    }


def test_one_without_fault_passes_every_gate():
    judged = judge_preflight(SOUND, DEMANDS)
    assert (judged.passed, judged.failed) == (True, "")
    assert {gate.state for gate in judged.gates} == {GateState.PASSED}
    assert judge_preflight(
        replace(SOUND, controls=()), replace(DEMANDS, estimands=(), controls=())
    ).passed  # nothing to control
    two = judge_preflight(
        SOUND, replace(DEMANDS, estimands=(ESTIMAND, ESTIMAND | {"name": "falls"}, ESTIMAND | {"name": "b"}))
    )
    lacks = {gate.name: gate.reason.endswith(": b, falls") for gate in two.gates}
    assert (lacks["G7"], lacks["G8"]) == (True, False)
    far = replace(SOUND, first=(tried(0), tried(1), tried(2, measures={"total": 5.5})))
    assert judge_preflight(far, replace(DEMANDS, estimands=(ESTIMAND | {"bounds": None},))).passed


FAILED = {"outcome": Outcome.FAILED, "measures": {}}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("Was0Point62 at axiom/catalogue/a.py:9", "another exception at axiom/catalogue/a.py:9"),
        ("ValueError at axiom/catalogue/a.py:9", "ValueError at axiom/catalogue/a.py:9"),
        ("measure total must be float, and is a Was062 at a.py:9", "measure total must be float at a.py:9"),
    ],
)
def test_an_author_is_not_told_names_that_a_file_gives_its_errors(error, told):
    judged = judge_preflight(replace(SOUND, first=(tried(0, error=error, **FAILED), tried(1), tried(2))), DEMANDS)
    (fault,) = [gate.unseen for gate in judged.gates if gate.state is GateState.FAILED]
    assert fault.endswith(told)


LEAK = replace(
    run(is_planted=True, seeds=limits.CONTROL_MOST_SEEDS), is_planted=False
)  # a placebo in which the effect is, too
TURNED = run(is_planted=True, effect=-1.0, seeds=limits.CONTROL_MOST_SEEDS)
CONTROL = f"the placebo of grows, config 0 ({', '.join(f'{name} {level}' for name, level in PLACEBO[0].items())})"
IMPORTS = tuple(Refusal(gate="G1", line=n, sentence=f"It imports m{n}.") for n in (1, 2, 3, 4))
# Which gate says no to which facts, and what it names.
FAULTS = [
    ("G0", {"refusals": (Refusal(gate="G0", line=3, sentence="It does not parse."),)}, "line 3: It does not parse"),
    ("G1", {"refusals": IMPORTS}, "line 3: It imports m3 (and 1 more)"),
    ("G2", {"first": (tried(0, error="ValueError at a.py:9", **FAILED),)}, "(size 1, pull 1.0) raises ValueError at"),
    ("G2", {"others": (tried(0, 1, error="E at a.py:1", **FAILED),)}, "config 0 (size 1, pull 1.0)"),
    ("G2", {"first": (tried(2, outcome=Outcome.LATE, cpu_seconds=35.2),)}, "35 s"),
    ("G2", {"controls": (run(is_planted=False, error="E at a.py:1", **FAILED),)}, CONTROL),
    ("G2", {"first": (tried(0),), "again": (), "fault": "config 1: it held too much."}, "config 1: it held too much"),
    ("G2", {"first": (tried(0), tried(7))}, "config 7"),
    ("G2", {"controls": (replace(run(is_planted=False), tried=(tried(5, 1, **FAILED),)),)}, "grows, config 5"),
    ("G2", {"first": (), "again": ()}, "0 of 3 configs"),
    ("G3", {"again": (tried(2, digest="0" * 64),)}, "the same seed"),
    ("G3", {"again": (tried(2), tried(1))}, "only 2 of 3 configs"),
    ("G4", {"others": of_others(0, *ALIKE, mark=tried(0).mark)}, "at 3 seeds gives 1 "),
    ("G4", {"others": of_others(1, *ALIKE, mark=f"{7:064x}")}, "config 1 (size 2, pull 1.0) at 3 seeds gives 2"),
    ("G4", {"others": of_others(2, SAME_LOW, mark=tried(2).mark)}, "the high bits"),
    ("G4", {"others": of_others(2, SAME_HIGH, mark=tried(2).mark)}, "the low bits"),
    ("G4", {"others": ()}, "config 0 (size 1, pull 1.0)"),
    ("G4", {"others": SOUND.others[:3] * 2}, "three seeds"),
    ("G5", {"first": (tried(0, error="measure total must be float at a.py:9", **FAILED),)}, "measure total"),
    ("G5", {"again": (tried(2, outcome=Outcome.DIVERGED, missing=("loss", "norm")),)}, "loss and norm"),
    ("G5", {"first": (tried(0), tried(1), tried(2, measures={"total": 5.5}))}, "grows is 5.5 in the sweep"),
    ("G5", {"controls": (run(is_planted=False), run(is_planted=True, effect=9.0))}, "in the planted effect"),
    ("G6", {"first": (tried(0, cpu_seconds=61.0), tried(1), tried(2))}, "took 61 s of a reference core, and 60 s are"),
    ("G6", {"others": of_others(2, SAME_LOW, cpu_seconds=91.0)}, "took 91 s of a reference core, and 90 s are"),
    ("G6", {"controls": (run(is_planted=False, cpu_seconds=91.0),)}, f"{CONTROL}, took 91 s"),
    ("G6", {"others": spent(10.5, 31.5)}, "too little"),
    ("G6", {"others": spent(0.09, 0.25)}, "too much"),
    ("G6", {"others": spent(3.2, 3.0)}, "too little of config 0 (size 1, pull 1.0)"),
    ("G6", {"others": spent(1.0, 9.9)}, "should take 3.3 s of a reference core, and takes 1; a factor of 3"),
    ("G7", {"controls": (run(is_planted=True),)}, "the placebo of grows"),
    ("G7", {"controls": (LEAK, run(is_planted=True))}, "grows"),
    ("G8", {"controls": (run(is_planted=False),)}, "the planted effect of grows was not computed at 8 seeds"),
    ("G8", {"controls": (run(is_planted=False), TURNED)}, "planted for grows"),
]


@pytest.mark.parametrize(("gate", "changes", "words"), FAULTS)
def test_each_fault_is_seen_by_its_own_gate(gate, changes, words):
    judged = judge_preflight(replace(SOUND, **changes), DEMANDS)
    assert (judged.passed, judged.failed) == (False, gate), judged.reason
    assert words in judged.reason
    states = [one.state for one in judged.gates]
    place = int(gate[1])
    assert states == [GateState.PASSED] * place + [GateState.FAILED] + [GateState.NOT_REACHED] * (8 - place)
    shipped = judge_preflight(replace(SOUND, **changes), DEMANDS, is_shipped=True)
    assert shipped.gates == judged.gates
    assert not any(advice in shipped.reason for advice in ("Declare", "Draw", "Take it out", "Add", "Mend"))
    assert ("`axiom experiment preflight`" in shipped.reason) == (gate == "G6")
    assert (shipped.reason == judged.reason) == judged.is_lacking  # nobody mends a file of Axiom's, and all try again


@pytest.mark.parametrize("controls", [(LEAK, run(is_planted=True)), (run(is_planted=False), TURNED)])
def test_a_program_is_told_which_control_failed_and_no_size_of_it(controls):
    judged = judge_preflight(replace(SOUND, controls=controls), DEMANDS)
    assert "and e is" in judged.reason
    assert "and e is" not in judged.unseen
    assert "grows" in judged.unseen


SAME = alike(1, 2)
KNOB = ({"size": 1, "pull": 1.0}, {"size": 3, "pull": 1.0}, {"size": 3, "pull": 2.0})


@pytest.mark.parametrize(
    ("configs", "changes", "fault", "told"),
    [
        (
            KNOB,
            SAME,
            "the factor pull changes nothing: config 1 (size 3, pull 1.0) and config 2 (size 3, pull 2.0)",
            "",
        ),
        (KNOB, SAME | {"others": SOUND.others}, "", ""),  # at one seed of three, by chance
        (CONFIGS, SAME, "", "size changes nothing between configs 1 and 2"),  # and something between 0 and 1
        (
            (CONFIGS[1] | {"pull": 9.0}, *PLACEBO),
            SAME,
            "",
            "size changes nothing between configs 1 and 2",
        ),  # it says so
    ],
)
def test_a_factor_that_changes_nothing_is_named_and_refused_unless_a_placebo_says_so(configs, changes, fault, told):
    judged = judge_preflight(replace(SOUND, **changes), replace(DEMANDS, configs=configs))
    assert judged.failed == ("G4" if fault else ""), judged.reason
    assert fault in judged.reason, judged.reason
    assert told in judged.gates[4].reason


PART = ControlDemand(estimand="grows", placebo=PLACEBO[:1], planted=PLANTED)
DECLARATIONS = [
    ("G7", {"controls": ()}, "controls="),
    ("G5", {"ranges": {"size": (2.0, 9.0)}}, "config 0 (size 1, pull 1.0) lies outside the declared range 2 to 9"),
    ("G5", {"estimands": (ESTIMAND | {"between": [{"size": 4}, {"size": 1}]},)}, "this design has no config at size=4"),
    ("G5", {"controls": (PART,)}, "the placebo of grows: this design has no config at size=3"),
]


@pytest.mark.parametrize(("gate", "changes", "words"), DECLARATIONS)
def test_what_is_declared_is_asked_too(gate, changes, words):
    judged = judge_preflight(SOUND, replace(DEMANDS, **changes))
    assert judged.failed == gate, judged.reason
    assert words in judged.reason, judged.reason


@pytest.mark.parametrize(("seeds", "gate"), [(2, ""), (3, "G7")])
def test_a_placebo_may_miss_two_values_and_no_more(seeds, gate):
    cells = run(is_planted=False).tried
    lacking = tuple(replace(one, measures={"total": None}) if one.seed <= seeds else one for one in cells)
    placebo = replace(run(is_planted=False), tried=lacking)
    judged = judge_preflight(replace(SOUND, controls=(placebo, run(is_planted=True))), DEMANDS)
    assert judged.failed == gate, judged.reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"again": (tried(0), tried(0))}, "a cell of again is in it twice"),
        ({"first": (tried(0), tried(1, 2))}, "a cell of first has a seed that is not its own"),
        ({"others": (tried(0, 1), tried(0, 1))}, "a cell of others is in it twice"),
        ({"controls": (run(is_planted=True),) * 2}, "a control is in it twice"),
    ],
)
def test_a_report_counts_each_cell_once(changes, words):
    assert why_out_of_order(replace(SOUND, **changes)) == words


@settings(max_examples=25)
@given(st.floats(0.05, 5.0), st.floats(0.05, 5.0), st.floats(0.05, 5.0))
def test_a_cell_s_cost_may_be_off_by_the_computer_and_hardly_from_config_to_config(declared, cheap, dear):
    demands = replace(DEMANDS, seconds=(declared, declared, 2 * declared), allowed_seconds=(1_000.0,) * 3)
    attempt = replace(SOUND, others=spent(cheap, dear))
    judged = judge_preflight(attempt, demands)
    offs = (cheap / declared, dear / (2 * declared))
    off, apart = max(max(one, 1 / one) for one in offs), max(offs[0] / offs[1], offs[1] / offs[0])
    if off < limits.COST_FACTOR_OF_COMPUTERS and apart < limits.COST_FACTOR:
        assert judged.passed, judged.reason
    if off > limits.COST_FACTOR_OF_COMPUTERS * 1.1 + 0.5 or apart > limits.COST_FACTOR * 1.1 + 0.5:
        assert judged.failed == "G6"


@pytest.mark.parametrize(
    ("seconds", "cheap", "dear", "advice"),
    [
        ((0.01, 0.01, 0.02), 0.0, 0.0, ""),
        ((0.01, 0.01, 0.02), 0.09, 0.0, "0.09 s"),
        ((0.01, 0.01, 1.0), 0, 0, "0.02 s"),
    ],
)
def test_a_cell_below_what_the_clock_tells_is_judged_and_gets_advice_to_declare(seconds, cheap, dear, advice):
    judged = judge_preflight(replace(SOUND, others=spent(cheap, dear)), replace(DEMANDS, seconds=seconds))
    assert judged.failed == ("G6" if advice else "")
    assert (f"Declare about {advice}" in judged.reason) == bool(advice)


@settings(max_examples=12)
@given(st.lists(st.integers(0, 2), max_size=6), st.lists(st.integers(0, 2), max_size=6))
def test_nothing_passes_unless_every_config_is_there_twice(first, again):
    facts = replace(SOUND, first=tuple(map(tried, first)), again=tuple(map(tried, again)))
    assert judge_preflight(facts, DEMANDS).passed == (set(first) == set(again) == {0, 1, 2})


def test_a_training_may_run_away_at_a_seed_by_bad_luck_and_not_often():
    wide = replace(DEMANDS, configs=CONFIGS * 7, seconds=(1.0,) * 21, allowed_seconds=(60.0,) * 21)
    first = tuple(tried(place, cpu_seconds=1.0) for place in range(21))
    others = tuple(tried(place, seed, cpu_seconds=1.0) for seed in ALIKE for place in range(21))
    ran_away = [replace(one, outcome=Outcome.DIVERGED, missing=("total",)) for one in others]
    unlucky = replace(SOUND, first=first, again=first)
    for amount, is_sound in ((1, True), (2, True), (3, False)):
        said = judge_preflight(replace(unlucky, others=(*ran_away[:amount], *others[amount:])), wide)
        assert (said.failed != "G5") is is_sound, said.reason


def test_runaways_at_the_first_seed_and_in_controls_are_luck_too():
    wide = replace(DEMANDS, configs=CONFIGS * 7, seconds=(1.0,) * 21, allowed_seconds=(60.0,) * 21)
    first = tuple(tried(place, cpu_seconds=1.0) for place in range(21))
    others = tuple(tried(place, seed, cpu_seconds=1.0) for seed in ALIKE for place in range(21))
    gone = {"outcome": Outcome.DIVERGED, "missing": ("total",), "measures": {}}
    unlucky = (replace(first[0], **gone), *first[1:])
    attempt = replace(SOUND, first=unlucky, again=unlucky, others=others)
    assert judge_preflight(attempt, wide).failed != "G5"
    always = tuple(replace(cell, **gone) if cell.config == 0 else cell for cell in others)
    assert judge_preflight(replace(attempt, others=always), wide).failed == "G5"
    planted = run(is_planted=True, seeds=limits.CONTROL_MOST_SEEDS)
    lost = replace(planted, tried=(replace(planted.tried[0], **gone), *planted.tried[1:]))
    assert judge_preflight(replace(SOUND, controls=(run(is_planted=False), lost)), DEMANDS).passed


def test_a_noisy_placebo_lacks_seeds_until_it_has_the_most():
    for seeds, is_passed in ((limits.CONTROL_SEEDS, False), (limits.PLACEBO_MOST_SEEDS, True)):
        noisy = run(is_planted=False, seeds=seeds, noise=20.0)
        judged = judge_preflight(replace(SOUND, controls=(noisy, run(is_planted=True))), DEMANDS)
        assert (judged.passed, judged.is_lacking) == (is_passed, not is_passed), judged.reason


def with_an_outlier(seeds: int) -> Attempt:
    """At one seed the planted effect is the other way round."""
    planted = run(is_planted=True, seeds=seeds)
    cells = [replace(one, measures={"total": -float(one.config)}) if one.seed == 3 else one for one in planted.tried]
    return replace(SOUND, controls=(run(is_planted=False), replace(planted, tried=tuple(cells))))


def test_what_one_outlier_of_eight_leaves_open_is_settled_by_sixteen():
    open_yet = judge_preflight(with_an_outlier(limits.CONTROL_SEEDS), DEMANDS)
    assert (open_yet.passed, open_yet.failed, open_yet.is_lacking) == (False, "G8", True)
    assert judge_preflight(with_an_outlier(limits.CONTROL_MOST_SEEDS), DEMANDS).passed

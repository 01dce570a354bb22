"""Headlines are composed from verdicts: whoever reads nothing else is never told what was not found."""

import itertools
import json
import re
from dataclasses import replace
from importlib import resources

import pytest
from headline_reader import contradiction, read_headline
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.estimands import VALUE, Center, Direction, Kind, find_likeliest_outcomes
from axiom.domain.evidence import Meaning, verdicts_of
from axiom.domain.experiments import Headline, check_headlines
from axiom.domain.headlines import numbers
from axiom.domain.headlines.finding_sentences import (
    MeasuredNumber,
    compose_answer,
    compose_claim,
    compose_question,
    compose_size_question,
    is_size_open,
)
from axiom.domain.headlines.levels_to_tell import find_pooled_levels, find_unsaid_levels, with_levels, with_words
from axiom.domain.headlines.names_in_words import (
    keep_named_levels,
    name_in_words,
    name_levels,
    tell_common_levels,
    tell_config,
    tell_factor_at_level,
)
from axiom.domain.headlines.prepared_answers import choose_headline
from axiom.domain.registrations import estimand_definition
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import read_manifest
from axiom_weigh.values import DesignVerdict, Verdict

FILES = json.loads((resources.files("axiom_catalogue") / "declared.json").read_text(encoding="utf-8"))["experiments"]

MANIFESTS = [read_manifest(canonical_bytes(declared["manifest"])) for declared in FILES.values()]
SHIPPED = [
    pytest.param(with_words(estimand, manifest, manifest.configs), id=f"{manifest.name}-{estimand['name']}")
    for manifest in MANIFESTS
    for estimand in manifest.estimands
]
TRENDS = (Kind.SLOPE, Kind.RANK_CORRELATION)
ARMS = {Kind.CONTRAST: [{"width": 64, "lr": 0.1}, {"width": 2, "lr": 0.1}], Kind.DIMENSION: [{"arm": 0}, {"arm": 1}]}
UNITS = ("", "{percent} percentage points", "{times2} times the steps", "{value} steps")
SIDES = {Verdict.POSITIVE: Direction.MORE, Verdict.NEGATIVE: Direction.LESS, Verdict.ABSENT: Direction.ABSENT}
NUMBERS = st.floats(-3.0, 3.0).map(lambda number: round(number, 6))


def estimand(kind, *, expects=Direction.MORE, null=0.0, smallest=0.1, in_words=""):
    return {
        "name": "asked",
        "claim": "everything is better with everything",
        "kind": kind.value,
        "measure": "test_accuracy",
        "across": "" if kind in ARMS else "width",
        "between": ARMS.get(kind, [{"lr": 0.1}]),
        "null": null,
        "smallest": smallest,
        "expects": expects.value,
        "in_words": in_words,
        "span": [] if kind in ARMS else [2, 64],
    }


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=60)
@given(
    verdict=st.sampled_from(Verdict),
    expects=st.sampled_from(Direction),
    status=st.sampled_from(["open", "retired", "suspended", "recalled"]),
    null=st.sampled_from([0.0, 0.5, -1.0]),
    in_words=st.sampled_from(UNITS),
    ends=st.lists(NUMBERS, min_size=3, max_size=3).map(sorted),
    is_bounded=st.booleans(),
    each=st.lists(st.sampled_from(Verdict), max_size=5).filter(lambda verdicts: len(verdicts) != 1),
)
def test_an_independent_reader_finds_verdict_side_size_and_number_in_every_headline(
    kind, verdict, expects, status, null, in_words, ends, is_bounded, each
):
    low, estimate, high = ends
    asked = estimand(kind, expects=expects, null=null, in_words="" if kind is Kind.PROPORTION else in_words)
    by_design = tuple(DesignVerdict(name, own) for name, own in zip("abcde", each, strict=False))
    measured = MeasuredNumber(verdict, estimate, low if is_bounded else None, high, by_design)
    row = {"verdict": verdict.value, "status": status, "estimate": estimate, "low": measured.low, "high": high}
    row["by_design"] = by_design
    headline = compose_answer(asked, measured, status)
    assert not contradiction(headline, asked, row), headline
    assert "everything" not in headline  # which is its author's


@pytest.mark.parametrize("kind", Kind)
def test_the_reader_sees_a_headline_of_another_verdict_number_or_size(kind):
    asked = estimand(kind)
    row = {"verdict": "effect +", "status": "open", "estimate": 0.5, "low": 0.3, "high": 0.7}
    wrong = [
        MeasuredNumber(Verdict.NEGATIVE, -0.5, -0.7, -0.3),
        MeasuredNumber(Verdict.ABSENT, 0.0, -0.05, 0.05),
        MeasuredNumber(Verdict.POSITIVE, 0.8, 0.6, 0.9),
        MeasuredNumber(Verdict.POSITIVE, 0.5, 0.05, 0.7),
        MeasuredNumber(),
        MeasuredNumber(Verdict.POSITIVE, 0.5, 0.3, 0.7, (DesignVerdict("a", Verdict.UNDECIDED),)),
    ]
    assert all(contradiction(compose_answer(asked, measured), asked, row) for measured in wrong)
    assert contradiction(compose_answer(asked, MeasuredNumber(Verdict.POSITIVE, 0.5, 0.3, 0.7), "recalled"), asked, row)


@pytest.mark.parametrize("asked", SHIPPED)
def test_every_shipped_headline_says_its_verdict_and_no_python_name(asked):
    low, high = asked["prediction"]["interval"]
    for verdict in Verdict:
        row = {"verdict": verdict.value, "status": "open", "estimate": (low + high) / 2, "low": low, "high": high}
        headline = compose_answer(asked, MeasuredNumber(verdict, row["estimate"], low, high))
        assert not contradiction(headline, asked, row), headline
        assert "_" not in headline, headline


def test_an_event_is_told_as_the_share_of_those_that_waited_no_longer():
    event = {"by": 2_000.0, "after": 0.0, "budget": "steps"}
    words = {"test_accuracy": "{value} steps until it is right"}
    measured = MeasuredNumber(Verdict.POSITIVE, 0.63, 0.55, 0.71)
    soon = estimand(Kind.PROPORTION, null=0.5) | {"event": event, "words": words}
    assert "repetitions with at most 2,000 steps until it is right is above 50 % (63 %)" in compose_answer(
        soon, measured
    )
    later = soon | {"event": event | {"after": 1_000.0}}
    assert "with 1,000 to 2,000 steps until it is right among those with more than 1,000 is" in compose_claim(later)
    arms = estimand(Kind.CONTRAST) | {"event": event, "about": "mean"}
    answer = compose_answer(arms, measured)
    assert "the share of repetitions with test accuracy of at most 2,000 is higher with width 64" in answer
    assert "(+63 percentage points)" in answer


@pytest.mark.parametrize("asked", [param for param in SHIPPED if param.values[0]["kind"] in TRENDS])
def test_every_shipped_trend_names_what_can_rise_and_by_how_much(asked):
    """Nothing falls with hidden layers: with their number it does; and nobody can retell an exponent."""
    measured = MeasuredNumber(Verdict.POSITIVE, 0.4, 0.3, 0.5)
    sentence, told = compose_answer(asked, measured), numbers.interval_in_words(asked, 0.4, 0.3, 0.5)
    factor = asked["words"][asked["across"]].removeprefix("the ")
    counted = factor.removeprefix(f"{VALUE} ")
    assert (f"the number of {counted}" if factor != counted else f"the {factor}") in sentence
    assert factor != counted or not re.match(r"(?:\w+ )?\w*[^su]s(?: per |$)", factor), f"{factor} are counted"
    if asked["kind"] == Kind.SLOPE and asked["span"][0] > 0 and not asked.get("in_words"):
        is_doubled = asked["span"][1] >= 2 * asked["span"][0]
        assert is_doubled is ("with each doubling" in told)
        assert not (is_doubled and "exponent" in sentence)


def test_no_two_shipped_estimands_ask_the_same_in_words():
    questions = [compose_question(param.values[0]) for param in SHIPPED]
    assert len(set(questions)) == len(questions), sorted(q for q in questions if questions.count(q) > 1)


def test_every_shipped_claim_is_what_its_own_forecast_holds_likeliest():
    for param in SHIPPED:
        (asked,) = param.values
        assert Direction(asked["expects"]) in find_likeliest_outcomes(asked["prediction"]), asked["claim"]


def test_a_claim_is_composed_on_the_side_that_is_expected():
    for kind, expects in itertools.product(Kind, Direction):
        claim = compose_claim(estimand(kind, expects=expects))
        assert Verdict(read_headline(claim).verdict) in verdicts_of(Meaning.AS_CLAIMED, expects)


def test_every_level_that_two_arms_do_not_share_stands_in_the_sentence():
    unnamed = 0
    for manifest, asked in ((shipped, each) for shipped in MANIFESTS for each in shipped.estimands):
        arms = asked["between"] if asked["kind"] == Kind.CONTRAST else ()
        cells = [[config for config in manifest.configs if arm.items() <= config.items()] for arm in arms]
        worded = with_words(asked, manifest, manifest.configs)
        for factor in manifest.configs[0] if arms else ():
            levels = [{config[factor] for config in own} for own in cells]
            if levels[0].isdisjoint(levels[1]) and all(len(own) == 1 for own in levels):
                unnamed += not any(factor in arm for arm in arms)
                for arm, (level,) in zip(arms, levels, strict=True):
                    told = name_levels({"words": manifest.words}, {factor: level}).removeprefix("without ")
                    others = [manifest.words.get(f"{name}={own}", "") for name, own in arm.items()]
                    is_said = any(name_in_words(manifest.words, factor) in label for label in others)
                    assert is_said or told in compose_question(worded), (manifest.name, asked["name"], factor)
    assert unnamed >= 3


def test_tests_of_one_answer_say_in_what_else_they_differ():
    said = set()
    for manifest in MANIFESTS:
        for headline in manifest.headlines:
            tests = [asked for asked in manifest.estimands if asked["name"] in headline.when]
            unsaid = find_unsaid_levels(tests, manifest.configs)
            for asked in tests:
                worded = with_levels(
                    with_words(asked, manifest, manifest.configs), unsaid[asked["name"]], manifest.words
                )
                sentence = compose_question(worded)
                assert "_" not in sentence
                told = [name_levels(worded, {factor: level}) for factor, level in unsaid[asked["name"]].items()]
                assert all(level.removeprefix("without ") in sentence for level in told), (manifest.name, told)
                said |= {(manifest.name, asked["name"])} if told else set()
    assert {("grokking_in_relu_networks", name) for name in ("half_of_the_largest", "enough_in_the_end")} <= said


def test_what_a_number_is_taken_together_over_is_told_wherever_no_arm_names_it():
    """Every factor of the cells of an arm has one level, or is what they go along, or is told."""
    for manifest in MANIFESTS:
        for asked in manifest.estimands:
            told = find_pooled_levels(asked, manifest.configs, manifest.words)
            named = {asked["across"]}.union(*asked["between"])
            arms = [[c for c in manifest.configs if arm.items() <= c.items()] for arm in asked["between"] or [{}]]
            several = {
                factor
                for cells in arms
                for factor in manifest.configs[0]
                if factor not in named and len({repr(config[factor]) for config in cells}) > 1
            }
            assert len(told) == len(several), (manifest.name, asked["name"])
            assert all("{value}" not in levels for levels in told)


def test_an_open_size_is_asked_with_the_smallest_that_matters():
    asked = estimand(Kind.CONTRAST) | {"smallest": 0.25, "in_words": "{value} bits"}
    question = compose_size_question(asked)
    assert "more than 0.25 bits away from 0?" in question
    assert question.count("width 2") == 1


def test_an_arm_says_of_no_factor_two_things():
    words = {"hold=none": "no holding strength", "strength": "holding strength", "hold=all": "all weights held"}
    asked = estimand(Kind.CONTRAST) | {
        "between": [{"hold": "none", "strength": 1}, {"hold": "all", "strength": 30}],
        "words": words,
    }
    question = compose_question(asked)
    assert "with no holding strength than with all weights held and holding strength 30?" in question


def test_a_share_of_all_runs_is_told_where_it_is_weighed():
    for param in SHIPPED:
        (asked,) = param.values
        if asked.get("is_event") and asked["kind"] != Kind.PROPORTION:
            is_mean = asked.get("about") == Center.MEAN or asked["kind"] == Kind.CONTRAST  # which has no other middle
            assert ("the share of runs with" in compose_question(asked)) is is_mean, asked["name"]


def test_a_table_says_its_scale_wherever_a_sentence_tells_its_numbers_on_another():
    for param in SHIPPED:
        (asked,) = param.values
        is_told_otherwise = numbers.rescale_number(asked, 0.25) != 0.25
        assert (numbers.name_column(asked, "Value") != "Value") is is_told_otherwise, asked["name"]
        assert bool(numbers.interval_in_words(asked, 0.25, 0.2, 0.3)) >= is_told_otherwise, asked["name"]


def test_a_caption_says_of_no_factor_two_things_and_an_axis_has_a_name_without_a_gap():
    for manifest in (manifest for manifest in MANIFESTS if manifest.figure):
        figure, measures = manifest.figure, {measure.name for measure in manifest.measures}
        shown = [config for config in manifest.configs if figure.shows(config)]
        common = tell_common_levels(manifest.words, shown, measures)
        own = [label for name, label in manifest.words.items() if "=" in name and label in common]
        for factor in shown[0]:
            name = name_in_words(manifest.words, factor)
            told = [label for label in common if label not in own and label.startswith(f"{name} ")]
            assert not (told and any(name in label for label in own)), (manifest.name, common)
        for measure in measures:
            assert not any(label.startswith(f"{manifest.words.get(measure, '?')} ") for label in common), common
        assert "…" not in (figure.along or name_in_words(manifest.words, figure.x)), manifest.name


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.name)
def test_a_config_is_told_by_what_a_file_has_words_for_and_by_no_name_in_it(manifest):
    measures = [measure.name for measure in manifest.measures]
    for config in manifest.configs:
        told = tell_config(manifest.words, config, measures)
        unnamed = config.keys() - keep_named_levels(manifest.words, config, measures).keys()
        bare = [factor for factor in unnamed if tell_factor_at_level({}, factor, config[factor]) in told]
        assert not {"_", "="}.intersection(told), told
        assert not bare or len(unnamed) == len(config), told


def test_an_effect_is_size_open_while_its_interval_reaches_below_what_matters():
    asked = estimand(Kind.CONTRAST)
    for verdict, low, high, wanted in (
        (Verdict.POSITIVE, 0.05, 0.4, True),
        (Verdict.POSITIVE, 0.1, 0.4, False),
        (Verdict.NEGATIVE, -0.4, -0.05, True),
        (Verdict.NEGATIVE, -0.4, None, True),
        (Verdict.ABSENT, -0.05, 0.05, False),
        (Verdict.UNDECIDED, -0.5, 0.5, False),
    ):
        assert is_size_open(asked, MeasuredNumber(verdict, 0.0, low, high)) is wanted


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest.name)
def test_a_registered_estimand_reads_as_its_file_wrote_it(manifest):
    for asked in manifest.estimands:
        reversed_arms = [dict(reversed(arm.items())) for arm in asked["between"]]
        texts = set()
        for arms in (asked["between"], reversed_arms, [dict(sorted(arm.items())) for arm in asked["between"]]):
            worded = with_words({**asked, "between": arms}, manifest, manifest.configs)
            texts |= {compose_question(worded), compose_question(json.loads(canonical_bytes(worded)))}
        assert len(texts) == 1, texts


def test_words_of_a_file_stand_for_its_names():
    words = {"test_accuracy": "accuracy on new examples", "width=64": "many neurons", "other": "never said"}
    words |= {"lr": "a learning rate of {value}"}
    manifest = replace(MANIFESTS[0], setting="small networks", words=words)
    asked = with_words(estimand(Kind.CONTRAST), manifest, ())
    assert asked["words"] == {name: label for name, label in words.items() if name != "other"}
    headline = compose_answer(asked, MeasuredNumber(Verdict.POSITIVE, 0.5, 0.3, 0.7))
    assert headline == (
        "In small networks, with a learning rate of 0.1, accuracy on new examples is typically higher with many "
        "neurons than with width 2 (+0.50)"
    )


def test_words_make_no_other_estimand_of_one():
    for manifest in MANIFESTS:
        for asked in manifest.estimands:
            worded = with_words(asked, manifest, manifest.configs)
            assert estimand_definition(worded) == estimand_definition(asked), (manifest.name, asked["name"])


@pytest.mark.parametrize("manifest", [pytest.param(each, id=each.name) for each in MANIFESTS if each.headlines])
def test_no_combination_of_verdicts_brings_a_headline_that_one_of_them_denies(manifest):
    """Of the verdicts of which no headline speaks one stands for all: it cannot bring any."""
    names = sorted(set().union(*(headline.when for headline in manifest.headlines)))
    spoken_of = [
        [verdict for verdict, side in SIDES.items() if any(one.when.get(name) == side for one in manifest.headlines)]
        for name in names
    ]
    shown = set()
    for verdicts in itertools.product(*([*verdicts, Verdict.UNDECIDED] for verdicts in spoken_of)):
        measured = {name: MeasuredNumber(verdict=verdict) for name, verdict in zip(names, verdicts, strict=True)}
        headline = choose_headline(manifest.headlines, measured, manifest.estimands)
        if headline:
            shown.add(headline.says)
            assert {name: SIDES.get(measured[name].verdict) for name in headline.when} == headline.when
    assert shown == {headline.says for headline in manifest.headlines}


@pytest.mark.parametrize(
    ("says", "when"),
    [
        ("Two words", {"asked": Direction.MORE}),
        ("One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen", {"asked": "+"}),
        ("This ends with a full stop.", {"asked": Direction.MORE}),
        ("This rests on nothing", {}),
        ("This rests on what is not there", {"other": Direction.MORE}),
        ("This is never reached", {"asked": Direction.LESS, "further": Direction.MORE}),
    ],
)
def test_a_headline_that_nobody_could_retell_or_reach_is_refused(says, when):
    first = Headline(says="The first one holds before", when={"asked": Direction.LESS})
    with pytest.raises(ValueError, match="headline"):
        check_headlines("tiny_sum", ["asked", "further"], [first, Headline(says=says, when=when)])

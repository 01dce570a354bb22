"""`axiom_weigh.weigh_all`: each claim alone and among all, as the laboratory puts its own findings together."""

import html
import itertools
import json
import random
import re

import pytest

import axiom_weigh
from axiom_weigh.errors import WeighError, WrongUse
from axiom_weigh.evidence.false_discoveries import WeighedClaim, false_shares
from axiom_weigh.values import Verdict

ARMS = ("ours", "base1", "base2")


def table(effects, *, seeds=24, start=3):
    dice = random.Random(start)
    rows = itertools.product(range(seeds), effects.items())
    return [
        {"seed": seed, "arm": arm, "value": mean + dice.gauss(0, 0.5), "other": dice.gauss(0, 1)}
        for seed, (arm, mean) in rows
    ]


@pytest.fixture(scope="module")
def many():
    of = ("ours", "near", "far")
    return axiom_weigh.weigh_all(
        table({"ours": 1.0, "near": 0.9, "far": 0.0}), by="arm", of=of, value=("value", "other")
    )


def test_each_arm_after_the_first_and_each_value_is_a_claim_with_its_own_card(many):
    assert [card.arms for card in many.cards] == [("ours", "near"), ("ours", "far")] * 2
    alone = axiom_weigh.weigh(table({"ours": 1.0, "near": 0.9, "far": 0.0}), by="arm", of=("ours", "far"))
    assert many.cards[1].data() | {"name": ""} == alone.data() | {"name": ""}
    assert many.verdicts == (Verdict.UNDECIDED, Verdict.POSITIVE, Verdict.UNDECIDED, Verdict.UNDECIDED)
    assert [card.arms for card in many.upheld] == [("ours", "far")]
    assert len({card.name for card in many.cards}) == 4


def test_both_answers_are_shown_and_are_the_laboratory_s_own(many):
    data = many.data()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    facts = [
        WeighedClaim(number=n, e_value=card.evidence.e_value, e_absent=card.evidence.e_absent, verdict=card.verdict)
        for n, card in enumerate(many.cards)
    ]
    assert [claim["false_share"] for claim in data["claims"]] == list(false_shares(facts).values())
    assert data["asked"] == 4
    assert data["with_verdict_alone"] == 1
    assert data["standing_among_all"] == 1
    assert data["share"] == 0.05
    assert [claim["asked_alone"] for claim in data["claims"]] == [False] * 4
    for card in many.cards:
        assert card.name in repr(many)
        assert html.escape(card.name) in many._repr_html_()
    assert many.latex().count(r"\\") == 4


@pytest.fixture(scope="module")
def troubled():
    """Ours beside arms of which one is sound, and others have a long tail, are stuck, crashed or never came."""
    dice, rows = random.Random(1), []
    for seed in range(24):
        values = {"ours": dice.gauss(1.0, 0.5), "sound": dice.gauss(0.0, 0.5), "tail": dice.expovariate(1.0) ** 3}
        values |= {"stuck": 0.123456, "crashed": dice.gauss(0.0, 0.5) if seed % 5 else None, "gone": None}
        rows += [{"seed": seed, "arm": arm, "value": value, "note": "x"} for arm, value in values.items()]
    return axiom_weigh.weigh_all(rows, by="arm", of=("ours", "sound", "tail", "stuck", "crashed", "gone"))


def test_many_claims_say_all_that_each_card_says_and_what_all_say_once(troubled):
    text, page = repr(troubled), troubled._repr_html_()
    assert all(card.flags for card in troubled.cards if card.arms[1] in ("tail", "stuck", "gone"))
    for card in troubled.cards:
        lines = [line.split("  ")[-1].strip() for line in repr(card).splitlines() if "asked alone" not in line]
        assert [said for said in lines if said not in text] == []
        assert [
            said for said in (*card.flags, *card.reasons, *card.needs, card.paper) if html.escape(said) not in page
        ] == []
    assert [text.count(said) for said in ("columns that are not looked at: note", "asked alone")] == [1, 0]


def test_a_claim_that_could_not_be_weighed_says_so_and_why_and_is_called_nothing(troubled):
    stuck, gone = troubled.not_weighed
    assert ([card.arms[1] for card in (stuck, gone)], gone.n_seeds) == (["stuck", "gone"], 0)
    assert "23 of 24 seeds" in stuck.not_weighed
    lines = {
        card.name: next(line for line in repr(troubled).splitlines() if card.name in line) for card in (stuck, gone)
    }
    latex = dict(zip((card.name for card in troubled.cards), troubled.latex().splitlines(), strict=True))
    for card in (stuck, gone):
        cells = re.split("  +", lines[card.name])
        assert cells == [card.name, "not weighed", str(card.n_seeds), card.not_weighed]
        assert latex[card.name].partition(r" \\")[0].endswith("& not weighed & --")
    data = troubled.data()
    assert (data["not_weighed"], data["asked"]) == (2, 5)
    assert [claim["e_value"] is None for claim in data["claims"]] == [not card.is_weighed for card in troubled.cards]


def test_a_card_says_that_it_is_one_and_what_stands_alone_may_not_stand_among_many():
    cards = [axiom_weigh.weigh(table({"ours": 1.0, "base": 0.0}, start=5), by="arm", of=("ours", "base"))]
    assert "asked alone" in repr(cards[0])
    cards += [axiom_weigh.weigh([0.1, 1.0, -1.0, 0.5], estimand="contrast")] * 20_000
    together = axiom_weigh.weigh_all(*cards)
    assert cards[0].verdict is Verdict.POSITIVE
    assert (together.verdicts[0], together.upheld) == (Verdict.UNDECIDED, ())
    assert "not sure enough" in repr(together)
    assert together.latex().splitlines()[0].partition(" %")[0].endswith(r"undecided & Awaiting \\")
    assert axiom_weigh.weigh_all(cards[0]).verdicts == (Verdict.POSITIVE,)


def test_of_what_stands_among_many_claims_few_are_false():
    """A tenth of the claims is true; alone one in eight verdicts is about nothing."""
    dice, standing = random.Random(2), []
    for laboratory in range(4):
        columns = {f"{place}": [dice.gauss(1.0 * (place < 5), 1.0) for _ in range(32)] for place in range(50)}
        cards = [axiom_weigh.weigh(values, estimand="contrast") for values in columns.values()]
        shares = axiom_weigh.weigh_all(*cards).false_shares
        standing += [(laboratory, place) for place, share in enumerate(shares) if share is not None]
    false = sum(place >= 5 for _, place in standing)
    assert len(standing) >= 10, "most true ones stand"
    assert false <= 1


@pytest.mark.parametrize("words", [{"by": "arm", "of": "ours"}, {"by": "arm", "of": ("ours",)}])
def test_what_names_no_claims_is_refused(words):
    with pytest.raises(WrongUse):
        axiom_weigh.weigh_all(table({"ours": 1.0, "base": 0.0}, seeds=2), **words)
    with pytest.raises(WrongUse):
        axiom_weigh.weigh_all()
    with pytest.raises(WeighError, match="weigh_all"):
        axiom_weigh.weigh(table({"ours": 1.0, "base": 0.0}, seeds=2), by="arm", of=ARMS)

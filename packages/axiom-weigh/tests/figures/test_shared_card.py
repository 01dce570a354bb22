"""The card of a shared page: the answer fits in its lines, the number and the state follow the verdict."""

import re
import struct

import pytest

from axiom.domain.evidence import Meaning
from axiom_weigh.figures.drawing import png_of, svg_of
from axiom_weigh.figures.palette import LIGHT, VERDICTS
from axiom_weigh.figures.picture_data import Look, SharedCard, shared_card, tell_picture
from axiom_weigh.figures.shared_card import draw_shared_card
from axiom_weigh.values import Grade, Verdict

ANSWER = "In wide networks an untrained sub-network comes closer to a trained one <on & off>"


def made(answer=ANSWER, verdict=Verdict.POSITIVE, reads=Meaning.AS_CLAIMED, low=0.5, is_signed=True) -> SharedCard:
    look = Look(seeds=1_016, estimate=0.75, low=low, high=1.0, verdict=verdict, grade=Grade.STRONG)
    return shared_card(7, answer, verdict, reads.value, look, is_signed=is_signed, laboratory="Small & Sons")


def lines(svg: str) -> list[tuple[int, int, str]]:
    """Size of the letters, height and words of every text."""
    texts = re.findall(r'<text x="\d+" y="(\d+)" font-size="(\d+)"[^>]*>([^<]*)</text>', svg)
    return [(int(size), int(height), words) for height, size, words in texts]


def test_a_card_says_the_number_and_what_it_means():
    undecided = {"verdict": Verdict.UNDECIDED, "reads": Meaning.UNDECIDED, "low": None, "is_signed": False}
    for changes, number, stands in (
        ({}, "+0.75 [+0.5, +1], 1,016 repetitions", ("effect +", "as claimed", "Strong")),
        (undecided, "0.75 [open, 1], 1,016 repetitions", ("undecided", "Strong")),
        ({"verdict": Verdict.NEGATIVE, "reads": Meaning.OPPOSITE}, "+0.75 [+0.5, +1]", ("effect −", "opposite")),
    ):
        shown = made(**changes)
        assert shown.title == ANSWER
        assert shown.number.startswith(number)
        assert all(word in shown.stands for word in stands)
        assert all(word in tell_picture(shown) for word in (number, *stands, "7", "Small & Sons"))
    with pytest.raises(ValueError, match="answer"):
        made(answer=" ")


@pytest.mark.parametrize("amount", [1, 20, 60, 400])
def test_an_answer_of_any_length_stands_within_its_card(amount):
    answer = " ".join(["sub-network"] * amount)
    of_card = lines(draw_shared_card(made(answer=answer)))
    (largest, *_), of_answer = of_card[2], of_card[2:-2]
    written = " ".join(words for _, _, words in of_answer)
    assert answer.startswith(written.removesuffix(" …"))
    assert (written == answer) == (not written.endswith(" …")) == (amount <= 20)
    assert {size for size, _, _ in of_answer} == {largest}
    assert max(height for _, height, _ in of_answer) < of_card[-2][1] - of_card[-2][0]
    assert all(len(words) * 0.5 * largest <= 1_200 - 72 for _, _, words in of_answer)


def test_a_card_wears_the_sign_and_colour_of_its_verdict():
    for verdict in Verdict:
        svg = draw_shared_card(made(verdict=verdict))
        colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', svg))
        assert f"var(--{VERDICTS[verdict][1]})" in colours
        assert colours <= {"none"} | {f"var(--{role})" for role in LIGHT}
        assert svg.count("<svg") == svg.count("</svg>") == 1
    png = png_of(svg_of(made()))
    assert struct.unpack(">8sII", png[:8] + png[16:24]) == (b"\x89PNG\r\n\x1a\n", 1_200, 630)

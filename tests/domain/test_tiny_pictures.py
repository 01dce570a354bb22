"""Which tiny picture stands beside a finding, and that what it draws lies inside it."""

import re

import pytest

from axiom.domain.headlines.finding_sentences import MeasuredNumber, tell_size
from axiom.domain.headlines.tiny_pictures import choose_tiny_picture
from axiom.web.base.tiny_drawings import draw_tiny_picture
from axiom_weigh.values import Verdict

ARMS = [{"size": 1}, {"size": 2}]


def asked(kind: str, in_words: str = "", null: float = 0.0, bounds: tuple | None = None) -> dict:
    estimand = {"kind": kind, "in_words": in_words, "null": null, "smallest": 0.1, "measure": "total", "across": ""}
    estimand["bounds"] = bounds
    return estimand | {"between": ARMS if kind == "contrast" else [], "expects": "+"}


PLUS = Verdict.POSITIVE
CASES = [
    (asked("contrast"), (PLUS, 0.9, 0.7, 1.1), "axis", ("+0.90", "difference in total; 95 % sure: +0.70 to +1.10")),
    (asked("contrast", "{times2} times"), (PLUS, 1.0, 0.5, None), "bars", ("2.00 times", "95 % sure: at least 1.41")),
    (asked("contrast", "{percent} percentage points"), (PLUS, 0.5, 0.2, 0.8), "axis", None),
    (asked("proportion", null=0.5), (PLUS, 0.75, 0.6, 0.9), "dots", ("75 %", "95 % sure: 60 to 90 %")),
    (asked("proportion", null=0.5), (PLUS, 0.76, 0.6, 0.9), "squares", None),
    (asked("level", "{percent} %", bounds=(0, 1)), (PLUS, 0.042, 0.03, 0.05), "squares", None),
    (asked("level", "{percent} percentage points", bounds=(-1, 1)), (PLUS, 0.042, 0.03, 0.05), "axis", None),
    (asked("contrast", "{percent} percentage points", bounds=(0, 1)), (PLUS, 0.042, 0.03, 0.05), "axis", None),
    (asked("level", null=2.0), (Verdict.ABSENT, 2.01, 1.95, 2.05), "axis", None),
    (asked("level", null=2.0), (Verdict.UNDECIDED, 2.01, None, None), None, ("", "")),
    (asked("level"), (PLUS, 1e-9, 5e-10, 2e-9), "axis", None),
    (asked("level", "{times2} times"), (PLUS, 1.3, 1.0, 1.6), "axis", None),
]


@pytest.mark.parametrize(("estimand", "measured", "form", "told"), CASES)
def test_a_row_is_told_with_its_unit_and_drawn_within_its_picture(estimand, measured, form, told):
    number = MeasuredNumber(*measured)
    picture = choose_tiny_picture(estimand, number, 32)
    assert (picture and picture["form"]) == form
    assert told is None or tell_size(estimand, number) == told
    if picture is None:
        return
    drawn = draw_tiny_picture(picture)
    if form == "dots":
        assert (len(drawn["full"]), len(drawn["empty"])) == (24, 8)
        places = [x for x, _ in drawn["full"] + drawn["empty"]]
    elif form == "squares":
        squares = [drawn[part].count("M") for part in ("full", "empty")]
        assert squares == [round(100 * number.estimate), 100 - round(100 * number.estimate)]
        places = [float(place) for place in re.findall(r"M(\S+) ", drawn["full"] + drawn["empty"])]
    elif form == "bars":
        assert drawn["lengths"][1] == 2 * drawn["lengths"][0]
        places = [*drawn["lengths"], *drawn["interval"]]
    else:
        places = [*drawn["interval"], drawn["middle"], *drawn["band"]]
        assert drawn["interval"][0] <= drawn["middle"] <= drawn["interval"][1]
        assert drawn["band"][0] < drawn["band"][1]
        assert not [label for label in picture["labels"] if "×" in label and "−" in label]
    assert all(0 <= place <= 184 for place in places)

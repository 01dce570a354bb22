import pytest

from axiom_weigh.figures.palette import DARK, LIGHT, SERIES, VERDICTS, colour_svg, make_standalone_svg
from axiom_weigh.values import Verdict

INLINE = (
    '<svg class="fig wide" role="img" width="660" height="100" viewBox="0 0 660 100"><title id="t">T</title>'
    '<desc id="d">D</desc><path d="M0,0h9" stroke="var(--ink)" fill="var(--band)"/></svg>'
    '<svg class="fig narrow" width="326" height="90"></svg>'
)


def brightness(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    dark, light = sorted((brightness(first), brightness(second)))
    return (light + 0.05) / (dark + 0.05)


def test_each_role_has_its_own_colour_in_both_schemes_and_what_is_written_is_legible():
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)  # a colour stands for its role until it is a property
    written = {"ink", "ink2", "margin"} | {role for _, role in (*SERIES, *VERDICTS.values())}
    for scheme in (LIGHT, DARK):
        assert {role for role in written if contrast(scheme[role], scheme["paper"]) < 4.5} == set()
    assert set(VERDICTS) == set(Verdict)  # which differ in shape as well as in colour, as series do
    for looks in (list(VERDICTS.values()), list(SERIES)):
        assert len({shape for shape, _ in looks}) == len({role for _, role in looks}) == len(looks)


def test_a_file_has_paper_and_light_colours_and_turns_dark_with_the_screen():
    text = colour_svg(INLINE)
    assert f'<rect width="660" height="100" fill="{LIGHT["paper"]}"/>' in text
    assert f'stroke="{LIGHT["ink"]}" fill="{LIGHT["band"]}"' in text
    assert "narrow" not in text
    alone = make_standalone_svg(INLINE)
    assert "@media screen and (prefers-color-scheme:dark)" in alone
    assert f'[stroke="{LIGHT["ink"]}"]{{stroke:{DARK["ink"]}}}' in alone
    with pytest.raises(ValueError, match="picture"):
        colour_svg("<p>nothing</p>")

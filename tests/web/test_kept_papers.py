"""Short papers kept in folders: they are what their words and records render, and no number outlives its record."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from axiom.cli.main import axiom
from axiom.errors import NotFound, WrongUse
from axiom.web.papers import formats
from axiom.web.site.templates import template_environment

PAPERS = Path(__file__).parents[2] / "docs" / "papers"
NOISE = PAPERS / "noise"
CHAPTERS = {
    "Abstract": "After other rows {attack: map | 8 | -1.5 ± 0.5}; {F1} had {F1.declared} at 0.02.",
    "Limitations": "Of {attack: signs | 3 BROKE, of 4 = 3 of 4} ratios, {count mixed} of ours.",
    "Results": "{table findings 1 2 | What came out}\n\n{table attack: map | ratio | Another map}",
    "Conclusion": "{attack: signs | 3 BROKE}.",
}
RECORD = """# attacked

map: 64 seeds; leads after rows of 400 1600
    4  -9.5 ± 1.0   -8.5 ± 1.0  held
    8  -1.5 ± 0.5   +2.5 ± 0.5  BROKE
signs: 1 held, 3 BROKE, of 4
"""


def kept(folder, chapters, head="Title: A paper\nBy: Ada\nAttack: record.md\n"):
    (folder / "findings").symlink_to(NOISE / "findings")
    (folder / "record.md").write_text(RECORD)
    (folder / "words.md").write_text(head + "".join(f"\n## {title}\n\n{text}\n" for title, text in chapters.items()))
    return folder


def rendered(folder, ending="md"):
    return formats.kept_paper_file(folder, ending, template_environment())


@pytest.mark.parametrize("words", sorted(PAPERS.glob("*/words.md")), ids=lambda words: words.parent.name)
def test_a_kept_paper_is_what_its_words_and_records_render_today(words):
    for ending in ("md", "tex"):
        assert rendered(words.parent, ending) == (words.parent / f"paper.{ending}").read_text(encoding="utf-8")


def test_numbers_come_from_the_findings_and_from_the_attack(tmp_path):
    paper = rendered(kept(tmp_path, CHAPTERS))
    assert re.sub(r"\\", "", paper).count("After other rows −1.5 ± 0.5; F1 had +0.84 [+0.50, +1.01] at 0.02.") == 1
    assert "Of 3 of 4 ratios, 2 of ours." in paper
    assert "| F2 | 0.0025 |" in paper
    assert "| 8 | −1.5 ± 0.5 | +2.5 ± 0.5 |" in paper
    assert "<td" in rendered(tmp_path, "html")


@pytest.mark.parametrize(
    ("title", "text", "why"),
    [
        ("Abstract", "Noise decides.", "an attack, of which these say nothing: Abstract"),
        ("Conclusion", "Noise decides.", "an attack, of which these say nothing: Conclusion"),
        ("Results", "It leads by 0.84 points.", "0.84 is typed"),
        ("Results", "{attack: map | 8 | -1.5 ± 0.6}", "no '-1.5 ± 0.6'"),
        ("Results", "{attack: map | 4 | -1.5 ± 0.5}", "no '-1.5 ± 0.5'"),
        ("Results", "{attack: map | 8 | 1.5 ± 0.5}", "no '1.5 ± 0.5'"),
        ("Results", "{attack: signs | 3 BROKE, of 4 = 4 of 5}", "has 5, which"),
        ("Results", "{attack: sign | 3 BROKE}", "0 lines"),
        ("Results", "{F99.declared}", "F1.pooled"),
        ("Results", "{F1.declare}", "did you mean declared"),
    ],
)
def test_what_no_record_says_is_refused(tmp_path, title, text, why):
    with pytest.raises(WrongUse, match=re.escape(why)):
        rendered(kept(tmp_path, CHAPTERS | {title: text}))


def test_limitations_stand_before_results(tmp_path):
    with pytest.raises(WrongUse, match="must begin with ## Abstract and ## Limitations"):
        rendered(kept(tmp_path, {"Abstract": "", "Results": ""} | CHAPTERS))


def test_the_command_takes_findings_or_a_folder(tmp_path):
    target = tmp_path / "paper.md"
    folder = kept(tmp_path, CHAPTERS)
    done = CliRunner().invoke(axiom, ["finding", "paper", "--kept", str(folder), "--to", str(target)])
    assert (done.exit_code, target.read_text()) == (0, rendered(folder))
    for words in ([], ["1", "--kept", str(folder)]):
        assert isinstance(CliRunner().invoke(axiom, ["finding", "paper", *words]).exception, WrongUse | SystemExit)
    with pytest.raises(NotFound, match=r"it has no words\.md"):
        rendered(NOISE / "findings")

"""Papers and logs hold no number that stands in no row, nor anything else that is made up; and that would be seen."""

import copy

import pytest
from fabrications import Fabrication, Rows, in_log, in_paper
from made_papers import MadePapers, filled

from axiom.commands.links import DraftPaper, WriteLog

ROUNDS = 25  # scripts/campaign papers plays a thousand


@pytest.fixture(scope="module")
def lab(new_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    made = filled(new_lab(folder / "lab"), folder)
    yield made
    made.db.close()


def test_of_what_programs_write_nothing_made_up_is_shown(lab):
    made = MadePapers(lab=lab, seed=1)
    made.play(ROUNDS)
    assert made.found == []
    assert min(made.said["written"], made.said["refused"]) > ROUNDS / 5
    assert made.numbers > 50 * ROUNDS


def _written(lab):
    """A log and a paper over the first finding, as their pages have them."""
    made = MadePapers(lab=lab, seed=2)
    with lab.db.transaction():
        lab.db.execute("UPDATE finding SET status = 'open'")
    text = "The total is {F1.estimate}, as {R:tiny_sum} says."
    made._write(WriteLog(text=text, by="Ada"))
    made._write(DraftPaper(findings="1", text=text, by="Ada"))
    return made.look([1])


def _texts(answer, of):
    """Every piece that is said to be of this."""
    match answer:
        case {"text": str(), "of": about} if about == of:
            return [answer]
        case dict():
            return [piece for part in answer.values() for piece in _texts(part, of)]
        case list():
            return [piece for part in answer for piece in _texts(part, of)]
    return []


def test_whatever_is_made_up_says_too_much_or_is_left_out_is_seen(lab):
    log, paper = _written(lab)
    rows = Rows(lab.folder.database)
    for of, text, kind in (
        ("F1.estimate", "+99.9", Fabrication.ALTERED_NUMBER),
        ("F1.grade", "Sure", Fabrication.ALTERED_NUMBER),
        ("E1.levels.size", "1, 2, 7", Fabrication.METHOD),
        ("E1.tolerance", "0.5", Fabrication.METHOD),
        ("R:tiny_sum", "Gauss 1801", Fabrication.REFERENCE),
        ("G1.hash", "ab12", Fabrication.ALTERED_NUMBER),
    ):
        forged = copy.deepcopy(paper)
        pieces = _texts(forged, of)
        assert pieces
        for piece in pieces:
            piece["text"] = text
        assert kind in {fabrication for fabrication, _ in in_paper(rows, forged)}, of
    forged = copy.deepcopy(log)
    ada = next(text for text in forged if text["author"] == "Ada")
    ada["paragraphs"][0]["pieces"].append({"text": " This proves seven of them.", "of": "", "rows": ""})
    lab.db.execute("UPDATE evidence SET grade = 'Moderate' WHERE finding_number = 1")
    kinds = {kind for kind, _ in in_log(rows, forged)}
    assert {Fabrication.INVENTED_NUMBER, Fabrication.OVERCLAIM} <= kinds
    paper["chapters"] = [chapter for chapter in paper["chapters"] if chapter["title"] != "What else was asked"]
    assert {kind for kind, _ in in_paper(rows, paper)} >= {Fabrication.OMITTED}

"""`axiom finding`: what the page says, in the order that is asked for, and taken away as a file or a folder."""

import zipfile

import pytest
from evidence_lines import record
from furnished_lab import weigh_three_blocks, weighed

from axiom.domain.findings import Grade, Verdict


def test_findings_are_read_for_their_claim_and_the_surest_comes_first(say_to, small_lab, prepared):
    lines = (
        weighed(2, estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE),
        weighed(2, grade=Grade.AWAITING, verdict=Verdict.UNDECIDED),
    )
    for number, line in enumerate(lines, start=1):
        small_lab.publish(prepared(version=number))
        with small_lab.db.transaction():
            record(small_lab.db, number, line, [], session_id=None, now=small_lab.now)
    folder = small_lab.folder.path
    for words, numbers in (((), [2, 1]), (("--order", "newest"), [2, 1]), (("--order", "surest"), [1, 2])):
        rows = say_to(folder, "finding", "list", *words, "--json")[1]["findings"]
        assert [row["number"] for row in rows] == numbers
    reads = say_to(folder, "finding", "show", "1", "--json")[1]["finding"]["reads"]
    assert reads == rows[0]["reads"] == "the opposite of the claim"
    assert all(reads in say_to(folder, "finding", *words)[1] for words in (("list",), ("show", "1")))


@pytest.fixture(scope="module")
def folder(new_lab, prepared, tmp_path_factory):
    """Of a laboratory whose finding was weighed from three blocks of real results."""
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    weigh_three_blocks(lab, prepared)
    yield lab.folder.path
    lab.db.close()


def test_an_export_is_the_same_in_a_file_and_in_a_folder(say_to, folder, tmp_path):
    file, crate = tmp_path / "a.zip", tmp_path / "deep" / "crate"
    for target in (file, crate):
        status, out, err = say_to(folder, "finding", "export", "1", "--to", target)
        assert (status, out, str(target) in err) == (0, "", True)
    with zipfile.ZipFile(file) as archive:
        packed = {name.removeprefix("finding-1/"): archive.read(name) for name in archive.namelist()}
    written = {str(path.relative_to(crate)): path.read_bytes() for path in crate.rglob("*") if path.is_file()}
    assert packed == written
    assert {"recompute.py", "observations.csv", "ro-crate-metadata.json"} <= set(written)
    before = sorted(tmp_path.iterdir())
    assert say_to(folder, "finding", "export", "1", "--to", tmp_path)[0] == 2  # there is something in it
    assert say_to(folder, "finding", "export", "7", "--to", tmp_path / "x.zip")[0] == 3
    assert sorted(tmp_path.iterdir()) == before

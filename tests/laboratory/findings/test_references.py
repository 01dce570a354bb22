"""The literature: what a person approves may be cited; what else a file names is shown as unverified."""

import pytest
from tiny_experiment import tiny_source

from axiom.domain.links import is_approved, reference_number, references_in
from axiom.errors import NotAllowed, NotFound, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.findings.commands.references import AddReference, RemoveReference
from axiom.reads.base.bibtex import reference_bibtex
from axiom.store.findings import references

BELKIN = AddReference(cited="Belkin et al. 2019", number="arXiv:1812.11118", title="Double {descent} & more")


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Belkin et al. 2019, arXiv:1812.11118", "arXiv:1812.11118"),
        ("so it stands in arxiv: 1812.11118v2.", "arXiv:1812.11118"),
        ("an old one, arXiv:cond-mat/9501001", "arXiv:cond-mat/9501001"),
        ("Sompolinsky et al. 1988, doi 10.1103/PhysRevLett.61.259.", "10.1103/physrevlett.61.259"),
        ("Belkin et al. 2019, https://arxiv.org/abs/1812.11118", "arXiv:1812.11118"),
        ("Benford 1938, Proc. Am. Philos. Soc. 78:551", ""),
    ],
)
def test_a_work_is_known_by_its_number(words, number):
    assert reference_number(words) == number


def test_what_a_person_approved_is_known_by_number_or_words_and_no_program_approves(door):
    with pytest.raises(NotAllowed):
        door.submit(BELKIN, caller=door.let_in("operate"))
    number = door.submit(BELKIN)["reference"]
    assert door.submit(BELKIN)["reference"] == number
    approved = door.look(references.list_approved_references)
    text = (
        "Belkin et al. 2019, arXiv:1812.11118; Belkin et al. 2019; Axelrod & Nobody 2031, arXiv:3199.99999; Nobody 1900"
        "; Belkin, arXiv:1812.11118, and Axelrod, arXiv:3199.99999; Belkin 2019, arXiv:1812.11118, and Nobody 1900"
    )
    assert [is_approved(part, approved) for part in references_in(text)] == [True, True, *[False] * 4]
    door.submit(RemoveReference(reference=number))
    assert door.look(references.list_approved_references) == []
    with pytest.raises(NotFound):
        door.submit(RemoveReference(reference=number))
    for cited, wrong in (("Nobody 1900", "17"), ("Nobody 1900", "arXiv:one"), ("Nobody; Somebody", "arXiv:1812.11118")):
        with pytest.raises(WrongUse):
            door.submit(read_command("reference.add", {"cited": cited, "number": wrong}))


def test_what_the_catalogue_brings_is_approved_and_what_somebody_publishes_is_not(door):
    text = tiny_source(name="shipped_sum").replace("    run=", '    reference="Noether 1918; Gauss 1801",\n    run=')
    file = door.gate.laboratory.catalogue / "shipped_sum.py"
    file.write_text(text)
    door.submit(PublishExperiment(experiment="shipped_sum"))
    file.unlink()
    door.submit(AddReference(cited="Noether 1918", number="10.1080/00411457108231446"))  # a person looked it up
    assert door.look(references.list_approved_references)[0].number == "10.1080/00411457108231446"
    assert [entry.words for entry in door.look(references.list_approved_references)] == ["Noether 1918", "Gauss 1801"]
    door.submit(RemoveReference(reference=2))
    file.write_text(text)
    door.submit(PublishExperiment(experiment="shipped_sum"))  # as at each start
    file.unlink()
    assert [entry.words for entry in door.look(references.list_approved_references)] == ["Noether 1918"]
    door.submit(AddReference(cited="Gauss 1801", number="10.5479/sil.324926"))
    own = text.replace("shipped_sum", "own_sum").replace("Noether 1918", "Axelrod 2031")
    door.submit(PublishExperiment(experiment="own_sum", text=own))
    assert len(door.look(references.list_approved_references)) == 2


def test_bibtex_has_what_the_words_say(door):
    door.submit(BELKIN)
    door.submit(AddReference(cited="Land & Belew 1995, Phys. Rev. Lett. 74:5148", number="10.1103/PhysRevLett.74.5148"))
    belkin, land = map(reference_bibtex, door.look(references.list_approved_references))
    for line in ("author = {Belkin and others}", "eprint = {1812.11118}", r"title = {{Double \{descent\} \& more}}"):
        assert line in belkin
    for line in ("author = {Land and Belew}", "year = {1995}", "doi = {10.1103/physrevlett.74.5148}"):
        assert line in land

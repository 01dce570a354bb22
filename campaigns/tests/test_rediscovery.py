"""What the rediscovery counts as said, as foretold and as recorded."""

from dataclasses import replace
from pathlib import Path

import pytest
from rediscovery import Answer, Claim, answers, claims, summary

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.store.engine.folder import Folder
from axiom_weigh.values import Verdict

NONE = Claim(experiment="catapult_phase", estimand="x", published=Verdict.ABSENT, reference="somebody")
DECLARED = {
    "null": 1.0,
    "smallest": 0.5,
    "expects": "-",
    "prediction": {"positive": 0.2, "negative": 0.5, "absent": 0.3},
}
ANSWER = Answer(claim=NONE, version=1, declared=DECLARED, verdict=Verdict.NEGATIVE, estimate=2.0, seeds=8)


@pytest.mark.parametrize(
    ("low", "high", "is_called"),
    [(1.4, 3.0, False), (1.6, 3.0, True), (-3.0, 0.6, False), (-3.0, 0.4, True), (None, None, False)],
)
def test_an_effect_denies_a_published_none_only_beyond_the_smallest_that_matters(low, high, is_called):
    seen = replace(ANSWER, low=low, high=high)
    assert (seen.is_called, seen.is_right) == (is_called, False)
    assert replace(seen, claim=replace(NONE, published=Verdict.POSITIVE)).is_called


def test_what_would_do_as_well_is_counted_of_the_same_claims():
    told = [replace(ANSWER, low=2.0, high=3.0), replace(ANSWER, verdict=Verdict.ABSENT)]
    rows = [line.split(": ")[1] for line in summary(told, 2) if "scorecard" in line]
    assert [(row.split()[0], row.split()[1], row.split()[-1]) for row in rows] == [
        ("rediscovery", "50.0", "2"),
        ("rediscovery-always-as-claimed", "100.0", "2"),
        ("rediscovery-foretold", "50.0", "2"),
    ]


def test_a_record_tells_again_what_it_told_of_the_same_version(tmp_path: Path):
    chosen = [claim for claim in claims() if claim.experiment == "catapult_phase"]
    manifests = {"catapult_phase": manifest_of(shipped.catalogue_folder() / "catapult_phase.py")}
    nothing = Folder(path=tmp_path / "none")
    asked = [
        replace(row, verdict=verdict, estimate=0.5, low=0.25, high=0.75, seeds=16)
        for row, verdict in zip(
            answers(chosen, manifests, nothing, ""), (Verdict.NEGATIVE, Verdict.UNDECIDED), strict=True
        )
    ]
    record = "\n".join(map(str, asked))
    assert answers(chosen, manifests, nothing, record) == [replace(row, is_kept=True) for row in asked]
    newer = record.replace("catapult_phase@", "catapult_phase@9")
    assert [row.verdict for row in answers(chosen, manifests, nothing, newer)] == [None, None]

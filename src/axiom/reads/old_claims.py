"""What became of the claims of an earlier laboratory, which were asked again."""

import json
from collections import Counter
from collections.abc import Collection
from functools import cache
from itertools import chain

from axiom import shipped
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.figures import WIDTHS
from axiom.store.experiments import experiments
from axiom.store.upkeep.figures import find_figures

_ANSWERED = "old_claims_answered.json"  # written by scripts/campaign reproduce
# What became of a claim, the most sure first, and what that means.
_MEANS = {
    "stands": "every test made of it speaks for it, and no control overturns it",
    "depends": "it holds in one setting and not in another, or something else accounts for it",
    "too small to matter": "what its tests show is smaller than what was said to matter",
    "does not stand": "every test made of it speaks against it",
    "undecided": "all planned seeds are in, and they are not enough to say",
    "not yet": "too few seeds are in, or no experiment here covers it",
}


@page_at("/old-claims", "old_claims.html")
def old_claims_page(reading: Reading) -> Answer:
    """Each of them with its tests and a picture of what was recorded, and how many stand."""
    newest = {version.name: version.id for version in experiments.list_experiment_versions(reading.db)}
    named = {name: [f"experiment/{number}/recorded/{width}" for width in WIDTHS] for name, number in newest.items()}
    drawn = {figure.name for figure in find_figures(reading.db, [*chain(*named.values())])}
    shown = {name: [f"/figures/{figure}.svg" for figure in named[name] if figure in drawn] for name in named}
    claims = [
        {**claim, "is_published": (name := claim["experiment"]) in newest, "pictures": shown.get(name, [])}
        for claim in _answered_claims()
    ]
    became = Counter(claim["became"] for claim in claims)
    return {
        "claims": claims,
        "became": [[word, became[word], means] for word, means in _MEANS.items() if became[word]],
    }


def count_old_claims(published: Collection[str]) -> Answer:
    """How many earlier claims were asked again by these experiments, and how many of them stand."""
    became = Counter(claim["became"] for claim in _answered_claims() if claim["experiment"] in published)
    return {"claims": became.total(), "stand": became["stands"]}


@cache
def _answered_claims() -> list[Answer]:
    file = shipped.catalogue_folder() / _ANSWERED
    answered: list[Answer] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return answered

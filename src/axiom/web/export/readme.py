"""The files of an export that are read by people: what it is, how to cite it, and under which licence."""

import json
from typing import Any

from axiom.reads.base.cited_authors import authors_of

_LICENCE = """The data and texts in this folder are licensed under
Creative Commons Attribution 4.0 International (CC BY 4.0):
https://creativecommons.org/licenses/by/4.0/

You may share and adapt them for any purpose if you give credit; CITATION.cff says how.

The experiment's source, its bundle and recompute.py are programs of Axiom, licensed under the Apache License 2.0:
https://www.apache.org/licenses/LICENSE-2.0
"""
_READ_ME = """# Finding {finding}: {answer}

It was asked in these words: {claim}.

{status}{scope}
{prediction}
Cite: {cite}

| file | is |
|---|---|
| recompute.py | weighs the observations again and compares every number: `python recompute.py` |
| observations.csv | one row a replicate, as numbers were issued: the value, and where from; 7:NVIDIA is host 7's GPU |
| hosts.csv | the hosts behind them, by number: whose (below zero: not shown), which platform, ours or not |
| finding.json | the estimand as it was registered, and what else the weighing needs |
| numbers.json | every number of the card, which must come out again |
| card.json | the card as the laboratory's page and command line show it; `assumed` says of which middle |
| history.csv, history.json | the card's numbers after each further line of its history; with every step of reasoning |
| registrations/ | what was written down before the first replicate was issued; each text has its chained hash |
| registrations/*.tsr, *.pem | who dated it, if anybody did, and the certificates; `axiom finding verify` reads both |
| {source} | the experiment, as it was signed in the bundle beside it; its seal is a signed text |
| ro-crate-metadata.json | all of this for programs: an RO-Crate 1.1, profile Process Run Crate 0.5 |
| figures/ | the pictures of its page, where they were drawn since it was weighed last |
| CITATION.cff, CITATION.bib, LICENSE.txt | how to cite; CC BY 4.0 |
"""


def readme_files(about: dict[str, Any]) -> dict[str, bytes]:
    words = {name: about[name] for name in ("finding", "answer", "claim", "scope", "cite")}
    why = f": {about['why'].removesuffix('.')}" if about["why"] else ""
    prediction = f"\nThe registered prediction was {about['prediction']}.\n" if about["prediction"] else ""
    status = "" if about["status"] == "open" else f"This finding is {about['status']}{why}.\n\n"
    return {
        "README.md": _READ_ME.format(
            **words, prediction=prediction, status=status, source=about["bundle"]["source"]
        ).encode(),
        "LICENSE.txt": _LICENCE.encode(),
        "CITATION.cff": _citation(about).encode(),
        "CITATION.bib": about["bibtex"].encode(),
    }


def _citation(about: dict[str, Any]) -> str:
    """In the Citation File Format; JSON's strings are YAML's too."""
    title = f"Finding {about['finding']}: {about['answer']}"
    citation = {
        "cff-version": "1.2.0",
        "message": "If you use this finding, please cite it as below.",
        "type": "dataset",
        "title": title,
        "version": str(about["line"]),
        "date-released": about["weighed_at"][:10],
        "license": "CC-BY-4.0",
        "abstract": about["scope"],
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in citation.items()]
    people = [
        line
        for author in authors_of(about["authors"])
        for line in (
            f"  - name: {json.dumps(author.name, ensure_ascii=False)}",
            *([f"    orcid: {json.dumps(author.address)}"] if author.orcid else []),
        )
    ]
    laboratory = f"  - name: {json.dumps(about['laboratory'], ensure_ascii=False)}"
    return "\n".join([*lines, "authors:", *people, laboratory, ""])

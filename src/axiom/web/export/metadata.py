"""What an export says of itself for programs: RO-Crate 1.1 as JSON-LD, in the profile Process Run Crate 0.5."""

import hashlib
from collections.abc import Mapping
from typing import Any

from axiom.reads.base.cited_authors import CitedAuthor, authors_of

NAME = "ro-crate-metadata.json"
# The second one knows sha256, of which the first is silent.
_CONTEXT = ("https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context")
_CRATE = {"@id": "https://w3id.org/ro/crate/1.1"}
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_CODE_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_LAB, _VOLUNTEERS, _PYTHON = "#laboratory", "#volunteers", "https://www.python.org/"
_KINDS = {
    "csv": "text/csv",
    "json": "application/json",
    "py": "text/x-python",
    "zip": "application/zip",
    "txt": "text/plain",
    "md": "text/markdown",
    "cff": "application/yaml",
    "bib": "application/x-bibtex",
    "png": "image/png",
    "tsr": "application/timestamp-reply",
    "pem": "application/x-pem-file",
}
_ABOUT = {
    "observations.csv": "The value of the estimand in each replicate, in the order in which the numbers were issued.",
    "hosts.csv": "The hosts behind the values: whose, and which platform.",
    "finding.json": "The estimand as it was registered, and what else the weighing needs.",
    "numbers.json": "Every number of the card.",
    "card.json": "The card as the laboratory shows it.",
    "history.csv": "The card's numbers after each further line of its history.",
    "history.json": "The same with every step of reasoning.",
    "README.md": "What the files are.",
    "LICENSE.txt": "CC BY 4.0 for data and texts, Apache 2.0 for programs.",
    "CITATION.cff": "How to cite.",
    "CITATION.bib": "The same for BibTeX.",
    "figures/narrowing.png": "How the interval narrowed.",
    "figures/strip.png": "Every replicate.",
    "figures/forest.png": "The parts by platform, design and host.",
}


def crate_metadata(about: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """The whole document. `files` are all others of the export, by path."""
    source, script = about["bundle"]["source"], "recompute.py"
    programs = {
        source: _program(f"Experiment {about['experiment']}, version {about['version']}", str(about["version"])),
        script: _program("Weighs the observations again", about["axiom"]),
    }
    parts = [_file(path, body) | programs.get(path, {}) for path, body in sorted(files.items())]
    actions = [*(_computing(about, registration) for registration in about["registrations"]), _weighing(about)]
    described = {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": _CRATE}
    return {
        "@context": list(_CONTEXT),
        "@graph": [described, _root(about, parts, actions), *parts, *actions, *_others(about)],
    }


def _root(about: Mapping[str, Any], parts: list[dict[str, Any]], actions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Finding {about['finding']}: {about['answer']}",
        "description": about["scope"],
        "datePublished": about["weighed_at"],
        "license": {"@id": _LICENCE},
        "conformsTo": {"@id": _PROFILE},
        "author": [*(_id_of(author) for author in authors_of(about["authors"])), {"@id": _LAB}],
        "publisher": {"@id": _LAB},
        "creditText": about["cite"],
        "version": str(about["line"]),
        "hasPart": _named(parts),
        "mentions": _named(actions),
    }


def _file(path: str, body: bytes) -> dict[str, Any]:
    about = {"description": _ABOUT[path]} if path in _ABOUT else {}
    return {
        "@id": path,
        "@type": "File",
        "name": path.rpartition("/")[2],
        **about,
        "encodingFormat": _KINDS[path.rpartition(".")[2]],
        "contentSize": str(len(body)),
        "sha256": hashlib.sha256(body).hexdigest(),
    }


def _program(name: str, version: str) -> dict[str, Any]:
    """A file of the crate that is also what an action was done with."""
    return {
        "@type": ["File", "SoftwareSourceCode"],
        "name": name,
        "version": version,
        "programmingLanguage": {"@id": _PYTHON},
        "license": {"@id": _CODE_LICENCE},
    }


def _computing(about: Mapping[str, Any], registration: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"#registration-{registration['number']}",
        "@type": "CreateAction",
        "name": f"Replicates of registration {registration['number']}, cohort {registration['cohort']}",
        "description": "Ordered, computed by the stock BOINC client or the laboratory's own cores, and proven.",
        "instrument": {"@id": about["bundle"]["source"]},
        "object": [{"@id": registration["file"]}, {"@id": about["bundle"]["file"]}],
        "result": [{"@id": "observations.csv"}],
        "agent": {"@id": _VOLUNTEERS},
        "startTime": registration["registered_at"],
        "endTime": about["weighed_at"],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }


def _weighing(about: Mapping[str, Any]) -> dict[str, Any]:
    inputs = ("observations.csv", "hosts.csv", "finding.json")
    return {
        "@id": "#weighing",
        "@type": "CreateAction",
        "name": f"Line {about['line']} of the history of finding {about['finding']} was weighed",
        "description": "python recompute.py",
        "instrument": {"@id": "recompute.py"},
        "object": [{"@id": path} for path in inputs],
        "result": [{"@id": "numbers.json"}],
        "agent": {"@id": _LAB},
        "endTime": about["weighed_at"],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }


def _others(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Whom and what the rest refers to."""
    people = [_id_of(author) | {"@type": "Person", "name": author.name} for author in authors_of(about["authors"])]
    return [
        *people,
        {"@id": _LAB, "@type": "Organization", "name": about["laboratory"]},
        {"@id": _VOLUNTEERS, "@type": "Organization", "name": f"Volunteers of {about['laboratory']}"},
        {"@id": _PYTHON, "@type": "ComputerLanguage", "name": "Python", "url": _PYTHON},
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": _LICENCE, "@type": "CreativeWork", "name": "Creative Commons Attribution 4.0 International"},
        {"@id": _CODE_LICENCE, "@type": "CreativeWork", "name": "Apache License 2.0"},
    ]


def _id_of(author: CitedAuthor) -> dict[str, str]:
    return {"@id": author.address or f"#{author.name.replace(' ', '-')}"}


def _named(parts: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": part["@id"]} for part in parts]

"""What many commands ask for: a number, a reason, who says so, a moment (2026-03-02T14:00), a version (`name@2`)."""

from datetime import UTC, datetime

from axiom.commands.command import SPEAKER
from axiom.errors import NotFound, UnknownName, WrongUse
from axiom.signed.canonical_json import LARGEST
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment


def moment_said(text: str, otherwise: datetime, nothing: str) -> datetime:
    """The moment that is written, or this one where none is; `nothing` says what was not done if it is none."""
    if not text:
        return otherwise
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{text!r} is no moment like 2026-03-02T14:00. {nothing}") from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


# No sign that a terminal would act on, or that turns the direction of what is read.
_UNSEEN = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"
LINE = rf"^[^\x00-\x1f{_UNSEEN}]*$"
LINES = rf"^[^\x00-\x09\x0b-\x1f{_UNSEEN}]*$"  # the same where lines may end

NUMBER = {"ge": 1, "le": LARGEST}
FINITE = {"ge": -1e300, "le": 1e300}
WHY = {"min_length": 3, "max_length": 2_000, "pattern": LINES}
SENTENCE = {"min_length": 3, "max_length": 500, "pattern": LINES}
SAID_BY = {"min_length": 1, "max_length": 80, "pattern": LINE, SPEAKER: True}
FORECASTER = {
    "min_length": 1,
    "max_length": 80,
    "pattern": rf"^[^,\x00-\x1f{_UNSEEN}]*$",
    SPEAKER: True,
}  # its commas mean more
CALLER_NAME = {"min_length": 1, "max_length": 40, "pattern": r"^[a-z0-9][a-z0-9_.-]*$"}  # as the audit knows it
NAMED = {"min_length": 1, "max_length": 80, "pattern": r"^[a-zA-Z0-9_]+(@[0-9]{1,9})?$"}


def version_of(db: Database, named: str) -> StoredExperiment:
    """The published version that is meant, or an error that suggests the nearest name."""
    name, _, number = named.partition("@")
    newest = _newest(db, name)
    if not number:
        return newest
    found = experiments.by_name(db, newest.name, int(number))
    if found is None:
        raise NotFound(f"There is no version {number} of {newest.name}; its newest is {newest.version}.")
    return found


def _newest(db: Database, name: str) -> StoredExperiment:
    found = experiments.by_name(db, name)
    if found is not None:
        return found
    published = experiments.everything(db)
    for one in reversed(published):
        if name in stored_manifest(one.manifest).aliases:
            return one
    raise UnknownName("published experiment", name, {known.name for known in published})

"""The published version that somebody names."""

from axiom.errors import NotFound, UnknownName
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment


def find_version(db: Database, named: str) -> StoredExperiment:
    """The published version that is meant, or an error that suggests the nearest name."""
    name, _, number = named.partition("@")
    newest = _newest(db, name)
    if not number:
        return newest
    version = experiments.resolve_experiment_name(db, f"{newest.name}@{number}")
    if version is None:
        raise NotFound(
            f"There is no version {number} of {newest.name}; its newest is {newest.version}. Nothing was done; name "
            f"that one, or {newest.name} alone."
        )
    return version


def _newest(db: Database, name: str) -> StoredExperiment:
    if newest := experiments.find_experiment_by_name(db, name):
        return newest
    published = experiments.list_experiment_versions(db)
    for version in reversed(published):
        if name in stored_manifest(version.manifest).aliases:
            return version
    raise UnknownName("published experiment", name, {version.name for version in published})

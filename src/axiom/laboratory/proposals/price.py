"""What a further design of a version costs, by its own code in a clean process, and whether its file allows it."""

import json
from collections.abc import Mapping, Sequence

from axiom.errors import ExperimentError, NoSandbox, Refused
from axiom.laboratory.experiments.preflight import is_shipped_bundle
from axiom.laboratory.proposals.rules.factor_levels import why_configs_refused
from axiom.limits import proposals as limits
from axiom.runner.direct import Describer, describe_files
from axiom.signed import bundles, canonical_json
from axiom.signed.manifests import Manifest, read_manifest

_MODULE = "axiom.catalogue._design"
# The experiment of the bundle with another sweep: it declares what each of its cells needs, or says what is wrong.
_SOURCE = '''"""The same experiment over another sweep."""
import dataclasses
import json

from axiom.catalogue.{name} import experiment as declared

config = type(declared.sweep[0])
experiment = dataclasses.replace(declared, sweep=tuple(config(**point) for point in json.loads({text!r})))
'''

Points = tuple[tuple[Mapping[str, object], float], ...]


def price_configs(
    archive: bytes, manifest: Manifest, configs: Sequence[Mapping[str, object]], describe: Describer
) -> Points:
    """Each config with the seconds of a reference core that its code says it needs."""
    _demand_whole(configs, manifest)
    if why := why_configs_refused(manifest, configs):
        raise Refused(f"{why}.")
    files = {name: body for name, body in bundles.read_bundle_files(archive).items() if name != bundles.MANIFEST}
    source = _SOURCE.format(name=manifest.name, text=json.dumps([*map(dict, configs)]))
    sources = {**files, f"{_MODULE.replace('.', '/')}.py": source.encode()}
    try:
        (description,) = describe(sources, [_MODULE])
    except NoSandbox:
        if not is_shipped_bundle(archive):
            raise
        (description,) = describe_files(sources, [_MODULE])
    if description.manifest is None:
        raise ExperimentError(description.fault)
    declared = read_manifest(canonical_json.canonical_bytes(description.manifest))
    return tuple(zip(declared.configs, declared.cell_seconds, strict=True))


def _demand_whole(configs: Sequence[Mapping[str, object]], manifest: Manifest) -> None:
    if not 1 <= len(configs) <= limits.CONFIGS:
        raise Refused(f"A design lists from 1 to {limits.CONFIGS} configs. Nothing was registered.")
    for config in configs:
        if config.keys() != set(manifest.factors):
            factors = ", ".join(manifest.factors)
            raise Refused(f"Each config of {manifest.name} gives {factors}, and nothing else. Nothing was registered.")
        if not all(map(canonical_json.is_plain, config.values())):
            raise Refused("The level of a factor is a number, a truth or a word. Nothing was registered.")

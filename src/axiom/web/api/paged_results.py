"""All results of a version as columns, a part at a time, for a program that makes a table of them."""

import re
from dataclasses import asdict
from urllib.parse import quote

from axiom.errors import WrongUse
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments.experiments import require_experiment
from axiom.store.registrations import registrations
from axiom.store.views import exported_rows

_ROWS = 2_000  # of a part: some hundred kilobytes
_FIRST = (-1, -1)


def read_result_rows(reading: Reading, name: str) -> Answer:
    """The results behind `?after=REPLICATE.CONFIG`, and what is needed to name their columns."""
    stored = require_experiment(reading, name)
    columns = exported_rows.read_result_page(reading.db, stored.id, _after(reading.query.get("after", "")), _ROWS)
    here = f"/experiments/{quote(stored.whole_name)}/table"
    is_more = len(columns.replicates) == _ROWS
    return {
        "experiment": stored.whole_name,
        "manifest": stored.manifest,
        "configs": {
            str(place): dict(config)
            for place, config in registrations.read_placed_configs(reading.db, stored.id).items()
        },
        "columns": asdict(columns),
        "next": f"{here}?after={columns.replicates[-1]}.{columns.configs[-1]}" if is_more else None,
    }


def _after(text: str) -> tuple[int, int]:
    if not text:
        return _FIRST
    match = re.fullmatch(r"([0-9]{1,15})\.([0-9]{1,9})", text)
    if match is None:
        raise WrongUse("`after` is a replicate and the place of a config, as in after=17.3. Nothing was read.")
    return int(match[1]), int(match[2])

"""Every result: a table with its filter and its order in the address."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from axiom.domain.work import Outcome
from axiom.limits import results as limits
from axiom.reads.base import csv_cells, query_errors
from axiom.reads.base.breathe import Breathe, no_pause
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.page_cells import config_in_words
from axiom.reads.base.request import Answer, Reading, parse_number
from axiom.reads.experiments.experiments import sweep_levels
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.registrations import registrations
from axiom.store.views import exported_rows, results
from axiom.store.views.results import ListedResult, ResultOrder, ResultQuery

_Configs = Mapping[int, Mapping[str, Any]]

_WORDS = "experiment outcome replicate sort page until"  # of an address, besides factors
_PLAIN = ("experiment", "version", "replicate", "seed")
_AFTER = ("outcome", "cpu_seconds", "task", "host")
_CUT_OFF = "cut off after {most} rows; choose fewer, or take all of an experiment with axiom data export"


@page_at("/results", "results.html", words=_WORDS)
def results_page(reading: Reading, limit: int = limits.RESULTS_ON_A_PAGE) -> Answer:
    """The results that the address asks for, with what it could ask for besides."""
    stored = _experiment(reading)
    name = reading.query["experiment"] if stored else None  # with its version, where that is asked for
    manifest = _declared(stored)
    wanted = _wanted(reading, stored, manifest, limit)
    misread = _misread(reading.query, stored, manifest)
    rows = [] if misread else results.list_results(reading.db, wanted)
    is_more, until = len(rows) > limit, wanted.until or results.find_newest_result_id(reading.db)
    page = wanted.skip // limit + 1
    last = page if rows or misread else _last_page(reading, wanted, limit)
    names = {version.id: version for version in experiments.list_experiment_versions(reading.db)}
    configs = {
        number: registrations.read_placed_configs(reading.db, number) for number in {row.experiment_id for row in rows}
    }
    return {
        "results": [_row(row, names[row.experiment_id], configs[row.experiment_id]) for row in rows[:limit]],
        "page": page,
        "is_beyond": 0 < last < page,
        "next": _address(reading.query, page=page + 1, until=until) if is_more and page < limits.RESULT_PAGES else None,
        "previous": _address(reading.query, page=min(page - 1, last)) if page > 1 and last and not misread else None,
        "misread": misread,
        "ends_early": is_more and page == limits.RESULT_PAGES,
        "sort": wanted.order,
        "experiment": name,
        "factors": sweep_levels(manifest) if manifest else {},
        "fields": {name: _field(name) for name in manifest.factors} if manifest else {},
        "measures": [measure.name for measure in manifest.measures] if manifest else [],
        "experiments": sorted({version.name for version in names.values()} | ({name} if name else set())),
        "stored": counters.sum_counters(counters.read_counters(reading.db), "result", of=stored.id if stored else None),
        "asked": dict(reading.query),
        "csv": _address(_without_page(reading.query), path="/results.csv"),
        "csv_rows": limits.RESULT_ROWS,
    }


def list_query_faults(reading: Reading) -> Sequence[str]:
    """The sentences for what the address asks and nothing here can mean."""
    stored = _experiment(reading)
    return _misread(reading.query, stored, _declared(stored))


def flat_results_table(
    reading: Reading, limit: int = limits.RESULT_ROWS, breathe: Breathe = no_pause
) -> tuple[list[str], list[list[Any]]]:
    """The results of every page as one flat table: a column for each factor and each measure.

    When there are more than fit, the last line says so: a table that ends early must not look whole.
    """
    reading = replace(reading, query=_without_page(reading.query))
    stored = _experiment(reading)
    ids = results.list_result_ids(reading.db, _wanted(reading, stored, _declared(stored), limit))
    pieces = list(_pieces(reading, ids[:limit], breathe))
    factors, measures = dict.fromkeys(chain(*(row["config"] for row in pieces))), dict[str, None]()
    for row in pieces:
        measures |= dict.fromkeys(row["measures"])
    breathe()
    taken = {*_PLAIN, *_AFTER}
    columns = [exported_rows.take_column_name(name, "factor", taken) for name in factors]
    columns += [exported_rows.take_column_name(name, "measure", taken) for name in measures]
    rows: list[list[Any]] = []
    for row in pieces:
        flat = *(row["config"].get(name) for name in factors), *(row["measures"].get(name) for name in measures)
        rows.append([*(row[name] for name in _PLAIN), *flat, *(row[name] for name in _AFTER)])
        if len(rows) % limits.RESULT_ROWS_AT_ONCE == 0:
            breathe()
    if len(ids) > limit:
        rows.append([_CUT_OFF.format(most=limit)])
    return [*_PLAIN, *columns, *_AFTER], rows


def export_results_csv(reading: Reading, breathe: Breathe) -> bytes:
    headings, rows = flat_results_table(reading, breathe=breathe)
    pieces = [csv_cells.table_csv(headings, ())]
    for start in range(0, len(rows), limits.RESULT_ROWS_AT_ONCE):
        pieces.append(csv_cells.rows_csv(rows[start : start + limits.RESULT_ROWS_AT_ONCE]))
        breathe()
    return "".join(pieces).encode()


def _pieces(reading: Reading, ids: Sequence[int], breathe: Breathe) -> Iterator[Answer]:
    """These results, with a breath after some of them each."""
    names = {version.id: version for version in experiments.list_experiment_versions(reading.db)}
    configs: dict[int, _Configs] = {}
    for start in range(0, len(ids), limits.RESULT_ROWS_AT_ONCE):
        for row in results.read_results(reading.db, ids[start : start + limits.RESULT_ROWS_AT_ONCE]):
            number = row.experiment_id
            if number not in configs:
                configs[number] = registrations.read_placed_configs(reading.db, number)
                breathe()
            yield _bare(row, names[number], configs[number])
        breathe()


def _field(factor: str) -> str:
    """The word with which an address asks for a level of this factor."""
    return f"factor_{factor}" if factor in _WORDS.split() else factor


def sort_address(query: Mapping[str, str], order: str) -> str:
    """The address of these results in another order, from the first page."""
    return _address(_without_page(query), sort=order)


def _last_page(reading: Reading, wanted: ResultQuery, limit: int) -> int:
    """The last page that has a row, before one that has none; 0 when no page has."""
    low, high = 0, wanted.skip // limit
    while low < high:
        middle = (low + high + 1) // 2
        is_there = results.list_results(reading.db, replace(wanted, skip=(middle - 1) * limit, limit=1))
        low, high = (middle, high) if is_there else (low, middle - 1)
    return low


def _without_page(query: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in query.items() if name not in {"page", "until"}}


def _address(query: Mapping[str, Any], path: str = "/results", **changes: Any) -> str:
    words = {name: value for name, value in {**query, **changes}.items() if value not in ("", None)}
    return f"{path}?{urlencode(words)}" if words else path


def _experiment(reading: Reading) -> StoredExperiment | None:
    return experiments.resolve_experiment_name(reading.db, reading.query.get("experiment", ""))


def _misread(query: Mapping[str, str], stored: StoredExperiment | None, manifest: Manifest | None) -> Sequence[str]:
    sentences = [
        *query_errors.not_a_choice(query, "outcome", Outcome),
        *query_errors.not_a_choice(query, "sort", ResultOrder),
    ]
    sentences += query_errors.unknown_name(query, "experiment", is_known=stored is not None)
    sentences += [
        *query_errors.not_a_number(query, "replicate"),
        *query_errors.not_a_number(query, "page"),
        *query_errors.not_a_number(query, "until"),
    ]
    if stored and manifest:
        fields = [_field(name) for name in manifest.factors]
        sentences += query_errors.unknown_words(
            query, {*_WORDS.split(), *fields}, f"{stored.name} has {', '.join(fields)}"
        )
    return sentences


def _declared(stored: StoredExperiment | None) -> Manifest | None:
    return stored_manifest(stored.manifest) if stored else None


def _wanted(reading: Reading, stored: StoredExperiment | None, manifest: Manifest | None, limit: int) -> ResultQuery:
    query = reading.query
    configs = registrations.read_placed_configs(reading.db, stored.id) if stored else {}
    page = min(max(parse_number(query.get("page", "")) or 1, 1), limits.RESULT_PAGES)
    outcome, order = query.get("outcome", ""), query.get("sort", "") if stored else ResultOrder.NEWEST
    unknown = query.get("experiment", "") and stored is None
    return ResultQuery(
        experiment_id=stored.id if stored else (0 if unknown else None),
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
        replicate=parse_number(query.get("replicate", "")),
        configs=_places(query, manifest, configs) if manifest else None,
        order=ResultOrder(order) if order in set(ResultOrder) else ResultOrder.REPLICATE,
        until=parse_number(query.get("until", "")) or 0,
        skip=(page - 1) * limit,
        limit=limit + 1,
    )


def _places(query: Mapping[str, str], manifest: Manifest, configs: _Configs) -> list[int] | None:
    """The places, of whatever design, at which every factor has the level that was asked for."""
    levels = {name: value for name in manifest.factors if (value := query.get(_field(name), ""))}
    if not levels:
        return None
    return [
        place
        for place, config in configs.items()
        if all(_is_level(config[name], value) for name, value in levels.items())
    ]


def _is_level(level: Any, text: str) -> bool:
    read: Callable[[str], Any] = float if isinstance(level, int | float) and not isinstance(level, bool) else str
    try:
        return bool(read(text) == (level if read is float else str(level)))
    except ValueError:
        return False


def _row(row: ListedResult, stored: StoredExperiment, configs: _Configs) -> Answer:
    bare = _bare(row, stored, configs)
    return {**bare, "in_words": config_in_words(bare["config"])}


def _bare(row: ListedResult, stored: StoredExperiment, configs: _Configs) -> Answer:
    config = dict(configs[row.config])
    return {
        "experiment": stored.name,
        "version": stored.version,
        "replicate": row.replicate,
        "config": config,
        "seed": row.seed,
        "seed_text": str(row.seed),  # whole also where numbers are rounded beyond 53 bits, as in JavaScript
        "outcome": row.outcome,
        "measures": dict(row.measures),
        "cpu_seconds": row.cpu_seconds,
        "task": row.task_id,
        "host": row.host_id,
    }

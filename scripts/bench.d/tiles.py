"""What a map costs: a tile against its trainings one by one, keeping it, and finding the next among a million.

train      each arm of trainability, the trainings of one tile, in turn: `one` is the program that somebody would write,
           one compiled training, called pixel by pixel; `map` the same in JAX's own loop; `vmap` the same for as many
           pixels at once as the tile takes; `tile` is the catalogue's whole `run`, with everything beside the trainings
keep       what the server does for each tile of a task of 24: the output is read, compared with its order, and stored
           with its results; its borders are found, its pixels compressed and its quarters opened
million    a store with a thousand tiles and one with a million, asked in turn: where an arm goes on, which tiles are
           next, what of the replicates is charted, ordering 24 tiles, drawing 24 tiles

Ends with 0 only if in the median round no tile costs more than its trainings one by one, each has at least 90 % of the
speed of the fastest of these three, a tile is kept in at most 1 ms of CPU, and all of these together cost at most 1.15
times as much among a million tiles as among a thousand. Each of them is told, too.

    .venv/bin/python scripts/bench.d/tiles.py --tiles 100000 --rounds 3
"""

import argparse
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.update(
    NPROC="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", JAX_PLATFORMS="cpu"
)  # one core, read when JAX is imported
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np

from axiom.decisions.tasks.validation import validate
from axiom.domain.declaration import declare, pack
from axiom.domain.experiments import seed_of
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.maps import PlacedConfigs, Tile, borders, place_of
from axiom.domain.work import Outcome, Result
from axiom.kit import chance, planes, precision, tiles
from axiom.signed.canonical_json import canonical
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import OUTPUT_LIMIT, CellOutput, Header, cell_line, footer_line, header_line, read_output
from axiom.signed.tickets import Ticket
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.maps import tiles as stored
from axiom.store.migrate import migrate
from axiom.store.registrations import registrations
from axiom.store.tasks import results
from axiom_catalogue import trainability

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LEAST_SHARE, KEEP_MS, MOST_RATIO = 0.9, 1.0, 1.15
MAP = trainability.MAP
PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
REPLICATES, OF_TASK, SEED = 8, 24, 11
FEW = 1_000
TEXT = "a-ticket"
_TASKS = """
INSERT INTO workunit (id, experiment_id, registration_id, replicates, configs, state, quorum, max_failures, created_at,
    closed_at)
VALUES (:id, 1, 1, '[0]', '[]', 'done', 1, 3, 0, 0)
"""
_TASK = """
INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, host_id, created_at)
VALUES (:id, :id, 1, 0, 'valid', 1, 0)
"""
_REPLICATE = "INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (1, :number, 1, :number)"
_RESULT = """
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
VALUES (1, 1, :replicate, :config, :replicate, 'ok', '{"border": 3, "learned": 0.5}', '[1.0]', 1.0, 0)
"""
_TILE = """
INSERT INTO tile (experiment_id, replicate, config, arm, level, state, worth, task_id, shares, pixels, drawn_at)
VALUES (1, :replicate, :config, :arm, :level, :state, :border, :task_id, :shares, :pixels, :now)
"""


class _UndoneError(Exception):
    """Nothing of what was measured is kept."""


def cpu(act: Callable[[], object], times: int = 1) -> float:
    """CPU seconds of one call, once it was called before."""
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) / times


def _waited(arrays: Any) -> Any:
    return jax.block_until_ready(arrays)  # type: ignore[no-untyped-call]


# --- trainings


def bare(config: trainability.Config) -> Callable[..., Any]:
    """One training of one network, as somebody would write it who has read the question."""
    bend, last = planes.ACTIVATIONS[config.activation], planes.LAST

    def train(first_rate: Any, last_rate: Any, start: Any, data: Any, chosen: Any) -> Any:
        inputs, wanted = data

        def loss(layers: Any, seen: Any, aims: Any) -> Any:
            first, final = layers
            return jnp.mean((bend(seen @ first / config.width**0.5) @ final / config.width - aims) ** 2)

        def step(layers: Any, places: Any) -> Any:
            seen, aims = (inputs, wanted) if places is None else (inputs[places], wanted[places])
            loss_now, slopes = jax.value_and_grad(loss)(layers, seen, aims)
            return (layers[0] - first_rate * slopes[0], layers[1] - last_rate * slopes[1]), loss_now

        def last_step(layers: Any, places: Any) -> Any:
            moved, loss_now = step(layers, places)
            return moved, loss_now if places is None else loss(layers, inputs, wanted)

        early, late = (None, None) if chosen is None else (chosen[:-last], chosen[-last:])
        layers, losses = jax.lax.scan(step, start, early, length=config.steps - last)
        _, end = jax.lax.scan(last_step, layers, late, length=last)
        relative = jnp.concatenate([losses, end]) / loss(start, inputs, wanted)
        relative = jnp.where(jnp.isfinite(relative), jnp.minimum(relative, planes.FAR), planes.FAR)
        mean = relative[-last:].mean()
        return mean < 1.0, jnp.argmax(relative <= (1.0 + mean) / 2.0), jnp.argmax(relative > 10.0)

    return train


def drawn_for(config: trainability.Config, kind: type) -> tuple[Any, Any, Any]:
    """The start, the data and the batches of a replicate, as `run` draws them."""
    draw = chance.stream(SEED, "data")
    data = draw.standard_normal((config.examples, config.width)), draw.standard_normal(config.examples)
    draw = chance.stream(SEED, "start")
    start = draw.standard_normal((config.width, config.width)), draw.standard_normal(config.width)
    chosen = None
    if config.batch:
        chosen = chance.stream(SEED, "batches").integers(0, config.examples, (config.steps, config.batch))
    first, second = (tuple(jnp.asarray(array, kind) for array in pair) for pair in (start, data))
    return first, second, chosen


def arm_costs(config: trainability.Config, rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds of one training in each round, by how it is computed."""
    costs: dict[str, list[float]] = {name: [] for name in ("one", "map", "vmap", "tile")}
    at_once = planes.together(config.width, config.batch or config.examples)
    seen = config.batch or config.examples
    sample = 48 if seen > 100 else 128
    with precision.digits(config.digits) as kind:
        fixed = drawn_for(config, kind)
        across, up = tiles.knobs(MAP, Tile())
        chosen = np.arange(0, len(across), len(across) // 256)[:256]
        rates = jnp.asarray(across[chosen], kind), jnp.asarray(up[chosen], kind)
        train = bare(config)
        single = jax.jit(train)
        looped = jax.jit(lambda a, b, *rest: jax.lax.map(lambda pair: train(*pair, *rest), (a, b)))
        many = jax.jit(lambda a, b, *rest: jax.vmap(lambda first, last: train(first, last, *rest))(a, b))

        def pixel_by_pixel() -> None:
            for pixel in range(0, 256, 256 // sample):
                _waited(single(rates[0][pixel], rates[1][pixel], *fixed))

        some = tuple(rate[:: 256 // sample] for rate in rates)
        parts = [tuple(rate[begun : begun + at_once] for rate in rates) for begun in range(0, 256, at_once)]
        arms: dict[str, tuple[Callable[[], object], int]] = {
            "one": (pixel_by_pixel, len(range(0, 256, 256 // sample))),
            "map": (lambda: _waited(looped(*some, *fixed)), len(some[0])),
            "vmap": (lambda: [_waited(many(*part, *fixed)) for part in parts], 256),
            "tile": (lambda: trainability.run(config, SEED), len(across)),
        }
        for act, _ in arms.values():  # compiled
            act()
        for _ in range(rounds):
            for name, (act, trainings) in arms.items():
                costs[name].append(1_000 * cpu(act) / trainings)
    return costs


def peak() -> float:
    """GFLOP/s of one core at a large product in single precision."""
    large = jnp.asarray(np.random.default_rng(0).standard_normal((1024, 1024)), jnp.float32)
    product = jax.jit(lambda matrix: matrix @ matrix)
    _waited(product(large))
    return max(2 * 1024**3 / cpu(lambda: _waited(product(large)), 3) / 1e9 for _ in range(5))


def gigaflops(config: trainability.Config, milliseconds: float) -> float:
    """Of the products of one training alone: fields, outputs, and the slopes of both layers."""
    seen = config.batch or config.examples
    operations: float = 4 * seen * config.width**2 + 6 * seen * config.width
    if config.batch:
        operations += planes.LAST / config.steps * 2 * config.examples * (config.width**2 + config.width)
    return operations * config.steps / milliseconds / 1e6


def trainings(rounds: int) -> list[str]:
    """Measure each arm; what was missed."""
    most, missed = peak(), []
    print(f"one core at a product of 1,024 by 1,024 in single precision: {most:.0f} GFLOP/s")
    print("train: milliseconds of CPU for one training; shares are of the speed of the fastest bare one")
    for config in trainability.experiment.sweep:
        costs = {name: statistics.median(values) for name, values in arm_costs(config, rounds).items()}
        best = min(costs[name] for name in ("one", "map", "vmap"))
        against_one, share = costs["tile"] / costs["one"], best / costs["tile"]
        what = f"{config.activation}, {config.examples} examples, batch {config.batch}, {config.digits} digits"
        print(
            f"  {what:<42} one {costs['one']:6.3f}  map {costs['map']:6.3f}  vmap {costs['vmap']:6.3f}  "
            f"tile {costs['tile']:6.3f}  {gigaflops(config, costs['tile']):5.1f} GFLOP/s; tile/one {against_one:.2f}, "
            f"speed {share:4.0%} of the best; a tile {costs['tile'] * MAP.pixels**2 / 1_000:.2f} s, declared "
            f"{trainability.experiment.needs.seconds(config):.2f} s",
            flush=True,
        )
        missed += [f"{what}: dearer than one by one"] * (against_one > 1.0)
        missed += [f"{what}: {share:.0%} of the speed of the best"] * (share < LEAST_SHARE)
    return missed


# --- keeping tiles


def picture(chance_of: random.Random) -> bytes:
    """The pixels of a tile as they come: a rough border, shades on either side."""
    height, wave = chance_of.uniform(10, 50), chance_of.uniform(2, 9)
    rough = [height + 10 * math.sin(x / wave) + chance_of.gauss(0, 3) for x in range(MAP.pixels)]
    learned = MAP.bands[0].shades
    return bytes(
        min(learned - 1, x // 6) if y > rough[x] else learned + min(11, y // 6)
        for y in range(MAP.pixels)
        for x in range(MAP.pixels)
    )


class Store:
    """A store with so many tiles of a map, the first thousand of which are the same in each."""

    def __init__(self, place: Path, amount: int) -> None:
        self.folder = Folder(path=place)
        self.folder.create()
        self.db = connect_writer(self.folder.database)
        migrate(self.db, self.folder, NOW)
        self.manifest: Manifest = read_manifest(canonical(declare(trainability.experiment, avx=True)))
        self.arms = len(self.manifest.configs)
        self.level = 2 if amount <= FEW else 9  # where most tiles wait
        with self.db.transaction():
            self._register()
        with self.db.transaction():
            self._fill(amount)

    def _register(self) -> None:
        volunteer = accounts.ourselves(self.db, NOW)
        capacity = Capacity(cores=8, memory_mb=16_000)
        hosts.meet(self.db, volunteer_id=volunteer, name="host", platform=PLATFORM, capacity=capacity, now=NOW)
        text = canonical(self.manifest.as_data()).decode()
        added = experiments.add(self.db, name=self.manifest.name, version=1, manifest=text, now=NOW)
        body = {
            "design": "",
            "configs": list(self.manifest.configs),
            "places": list(range(self.arms)),
            "expected_seconds": list(self.manifest.cell_seconds),
            "estimands": [],
            "joins": {},
            "stopping": {"rule": "settled", "replicates": 256},
            "block": 8,
            "block_why": "a benchmark",
            "why": "",
            "cohort": "confirmatory",
        }
        registrations.register(
            self.db, experiment_id=added, cohort="confirmatory", body=json.dumps(body), predictions=[], now=NOW
        )
        self.db.many(_REPLICATE, [{"number": number} for number in range(REPLICATES)])
        self.db.many(_TASKS, [{"id": number} for number in (1, 2)])
        self.db.many(_TASK, [{"id": number} for number in (1, 2)])

    def _fill(self, amount: int) -> None:
        dice = random.Random(1)
        pictures = [zlib.compress(picture(dice), 9) for _ in range(20)]
        rows: list[dict[str, Any]] = []
        for tile, arm, replicate, is_open in _places(amount, self.arms, self.level):
            drawn = {"shares": "[0.5, 0.5]", "pixels": pictures[len(rows) % 20], "now": len(rows), "task_id": 1}
            nothing = {"shares": None, "pixels": None, "now": None, "task_id": None}
            rows.append(
                {
                    "replicate": replicate,
                    "config": place_of(tile, arm),
                    "arm": arm,
                    "level": tile.level,
                    "state": "open" if is_open else "drawn",
                    "border": dice.randrange(200),
                    **(nothing if is_open else drawn),
                }
            )
            if len(rows) >= 50_000:
                self._keep(rows)
                rows = []
        self._keep(rows)

    def _keep(self, rows: Sequence[dict[str, Any]]) -> None:
        self.db.many(_TILE, rows)
        done = [{"replicate": row["replicate"], "config": row["config"]} for row in rows if row["state"] == "drawn"]
        self.db.many(_RESULT, done)

    def undone(self, act: Callable[[], object], times: int) -> float:
        """CPU milliseconds of one call, of which nothing is kept."""
        took = 0.0
        for _ in range(times):
            with suppress(_UndoneError), self.db.transaction():
                took += cpu(act)
                raise _UndoneError
        return 1_000.0 * took / times


def _places(amount: int, arms: int, level: int) -> Iterator[tuple[Tile, int, int, bool]]:
    """Tiles of all arms and replicates: a thousand as far as is charted, and then deeper ones; is each of them open?"""
    placed = 0
    for tile in _of_levels(0, 5):
        for arm in range(arms):
            for replicate in range(REPLICATES):
                if placed >= min(amount, FEW):
                    break
                yield tile, arm, replicate, tile.level == 2
                placed += 1
    deeper = iter(_of_levels(level, level + 1))
    while placed < amount:
        tile = next(deeper)
        for arm in range(arms):
            for replicate in range(REPLICATES):
                if placed < amount:
                    yield tile, arm, replicate, placed % 5 == 0
                    placed += 1


def _of_levels(first: int, last: int) -> Iterator[Tile]:
    for level in range(first, last):
        for row in range(2**level):
            for column in range(2**level):
                yield Tile(level=level, column=column, row=row)


def answered(manifest: Manifest, drawn: Sequence[bytes]) -> tuple[Ticket, bytes]:
    """A task of tiles below all that are stored, and what its host brings."""
    deep = [place_of(Tile(level=12, column=column, row=3), 1) for column in range(len(drawn))]
    placed = PlacedConfigs(enumerate(manifest.configs))
    ticket = Ticket(
        lab="ab" * 32,
        trust=1,
        host=1,
        task=2,
        experiment=manifest.name,
        version=1,
        bundle="cd" * 32,
        serial=1,
        replicates=(4,),
        seeds=(seed_of(manifest.name, 1, 4),),
        configs=tuple(placed[place] for place in deep),
        places=tuple(deep),
        cell_seconds=(60.0,) * len(deep),
        memory_mb=100,
        issued=NOW,
        deadline=NOW + timedelta(hours=48),
        expires=NOW + timedelta(days=32),
    )
    header = Header(
        task=2,
        host=1,
        experiment=manifest.name,
        version=1,
        bundle="cd" * 32,
        ticket_text=TEXT,
        runner="26.12.0",
        platform=PLATFORM,
    )
    lines = [
        cell_line(
            CellOutput(
                replicate=4,
                config=place,
                seed=ticket.seeds[0],
                outcome=Outcome.OK,
                measures={"fate": pack(pixels), "learned": 0.5, "border": 70},
                early=(1.0, 0.5, 0.25),
                cpu_seconds=10.0,
            )
        )
        for place, pixels in zip(deep, drawn, strict=True)
    ]
    return ticket, header_line(header) + b"".join(lines) + footer_line(len(lines))


def judged(store: Store, ticket: Ticket, output: bytes) -> tuple[Result, ...]:
    """What the server makes of an output before it is stored."""
    read = read_output(output, limit=OUTPUT_LIMIT, most_cells=len(ticket.places))
    return validate(ticket=ticket, ticket_text=TEXT, experiment_id=1, manifest=store.manifest, output=read).results


def keeping(store: Store, rounds: int) -> list[str]:
    """Measure what a tile costs the server, in a store that holds many; what was missed."""
    dice = random.Random(2)
    drawn = [picture(dice) for _ in range(OF_TASK)]
    ticket, output = answered(store.manifest, drawn)
    tiles = judged(store, ticket, output)
    if len(tiles) != OF_TASK or [tile.pixels for tile in tiles] != drawn:
        sys.exit("an output is not what it should be")
    figures: dict[str, list[float]] = {"judge": [], "borders": [], "record": [], "draw": []}
    for _ in range(rounds):
        figures["judge"].append(1_000 * cpu(lambda: judged(store, ticket, output), 10))
        figures["borders"].append(1_000 * cpu(lambda: [borders(pixels, MAP) for pixels in drawn], 10))
        figures["record"].append(store.undone(lambda: results.record(store.db, tiles, NOW), 10))
        figures["draw"].append(store.undone(lambda: stored.draw(store.db, MAP, tiles, NOW), 10))
    costs = {name: statistics.median(values) / OF_TASK for name, values in figures.items()}
    total = costs["judge"] + costs["record"] + costs["draw"]
    print(
        f"keep: {total:.3f} ms of CPU a tile ({len(output) / OF_TASK:,.0f} bytes on the wire): reading and judging "
        f"{costs['judge']:.3f}, recording {costs['record']:.3f}, drawing {costs['draw']:.3f}, of which borders "
        f"{costs['borders']:.3f}"
    )
    return [f"keeping a tile takes {total:.2f} ms"] * (total > KEEP_MS)


def scaling(few: Store, many: Store, rounds: int) -> list[str]:
    """Ask both stores in turn; what was missed."""
    dice = random.Random(3)
    tiles = judged(few, *answered(few.manifest, [picture(dice) for _ in range(OF_TASK)]))
    chosen = {id(place): stored.next_open(place.db, 1, 1, place.level, OF_TASK) for place in (few, many)}

    def asks(store: Store) -> dict[str, Callable[[], object]]:
        return {
            "levels": lambda: stored.open_levels(store.db, 1, 1, 20),
            "next": lambda: stored.next_open(store.db, 1, 1, store.level, 20),
            "charted": lambda: stored.charted(store.db, 1, first=0, deepest=4, arms={0, 1}),
            "order": lambda: stored.order(store.db, 1, chosen[id(store)]),
            "draw": lambda: stored.draw(store.db, MAP, tiles, NOW),
            "record": lambda: results.record(store.db, tiles, NOW),
        }

    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in asks(few)}
    for _ in range(rounds):
        for name in figures:
            pair = []
            for store in (few, many):
                act = asks(store)[name]
                is_change = name in {"order", "draw", "record"}
                pair.append(store.undone(act, 10) if is_change else 1_000 * cpu(act, 40))
            figures[name].append((pair[0], pair[1]))
    for name, pairs in figures.items():
        first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
        ratio = statistics.median(large / small for small, large in pairs)
        print(f"  {name:<9} {first:7.3f} ms   {second:7.3f} ms   {ratio:5.2f} times")
    rounds_of = list(zip(*figures.values(), strict=True))
    ratio = statistics.median(sum(large for _, large in turn) / sum(small for small, _ in turn) for turn in rounds_of)
    print(f"  together  {ratio:.2f} times")
    return [f"together they cost {ratio:.2f} times as much"] * (ratio > MOST_RATIO)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tiles", type=int, default=1_000_000)
    parser.add_argument("--without", choices=["train", "store"], default="")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    missed = [] if options.without == "train" else trainings(options.rounds)
    if options.without != "store":
        with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place:
            few, many = Store(Path(place) / "few", FEW), Store(Path(place) / "many", options.tiles)
            missed += keeping(many, options.rounds)
            print(f"million: a store with {FEW:,} tiles, and one with {options.tiles:,}")
            missed += scaling(few, many, 3 * options.rounds)
            few.db.close()
            many.db.close()
    print(f"load {before:.2f} to {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")
    print(f"MISSED: {'; '.join(missed)}" if missed else "Met: every figure held")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

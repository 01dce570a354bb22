"""What would be ordered now and where it would go: the same for the page and a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from axiom.domain.planning import FleetClass, Preview
from axiom.limits import planning as limits
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import releases
from axiom_weigh.grouping import group_pairs

_OTHERS = "others"
_WIDE = 660  # units in which the picture is drawn


@page_at("/plan", "plan.html")
def plan_page(reading: Reading) -> Answer:
    """The plan as it is now. Hosts appear by their size alone: their names are nobody else's business."""
    preview = reading.preview()
    data = plan_data(preview)
    del data["hosts"]
    fleet = _fleet(preview.classes)
    return {
        "plan": {
            **data,
            "fleet": fleet,
            "picture": _picture(fleet, preview.classes),
            "idle": list_idle_reasons(data["classes"]),
            "releases": releases.list_releases(reading),
            "shown": limits.ROWS_SHOWN,
        }
    }


def plan_data(preview: Preview) -> Answer:
    names = _names(preview)
    return {
        "allotments": [
            {"name": names.get(allotment.experiment_id, ""), **asdict(allotment)}
            for allotment in preview.plan.allotments
        ],
        "idle_cores": sum(placement.idle_cores for placement in preview.placements),  # once all this is ordered
        "idle_before": preview.plan.idle_cores,
        "skipped": [asdict(skip) for skip in preview.plan.skipped],
        "reason": preview.plan.reason,
        "goals": [asdict(goal) for goal in preview.goals],
        "above_floor": asdict(preview.above),
        "classes": [_class(size) for size in preview.classes],
        "hosts": [{**asdict(placement), "tasks": dict(placement.tasks)} for placement in preview.placements],
        "worth": [
            {**asdict(worth), "purpose": worth.purpose.value, "per_core_hour": worth.per_core_hour}
            for worth in preview.worths
        ],
    }


def list_idle_reasons(classes: Iterable[Answer]) -> list[Answer]:
    """Why cores stay idle, each reason once, that of most cores first, with its hosts and their sizes."""
    by_reason = group_pairs((why["reason"], (size["cores"], why)) for size in classes for why in size["reasons"])
    reasons = [
        {
            "reason": reason,
            "hosts": sum(why["hosts"] for _, why in rows),
            "cores": sum(why["cores"] for _, why in rows),
            "least": min(size for size, _ in rows),
            "most": max(size for size, _ in rows),
        }
        for reason, rows in by_reason.items()
    ]
    return sorted(reasons, key=lambda why: -why["cores"])


def _names(preview: Preview) -> Mapping[int, str]:
    names = {skip.experiment_id: skip.name for skip in preview.plan.skipped}
    return names | {worth.experiment_id: worth.name for worth in preview.worths}


def _class(size: FleetClass) -> Answer:
    return {
        **asdict(size),
        "busy": dict(size.busy),
        "planned": dict(size.planned),
    }


def _fleet(classes: Sequence[FleetClass]) -> Answer:
    """The whole fleet: what its cores compute now, what they would, and how many would be idle."""
    busy, planned = _summed(size.busy for size in classes), _summed(size.planned for size in classes)
    return {
        "hosts": sum(size.hosts for size in classes),
        "cores": sum(size.cores * size.hosts for size in classes),
        "gpus": sum(size.gpus * size.hosts for size in classes),
        "idle_cores": sum(size.idle_cores for size in classes),
        "gpu_tasks": sum(size.gpu_tasks for size in classes),
        "experiments": [
            {"name": name, "busy": busy[name], "planned": planned[name]}
            for name in sorted(busy | planned, key=lambda name: (-busy[name] - planned[name], name))
        ],
    }


def _summed(parts: Iterable[Iterable[tuple[str, int]]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(dict(part))
    return total


def _picture(fleet: Answer, classes: Sequence[FleetClass]) -> Answer:
    """Bars as wide as their cores are many: of the whole fleet by experiment, and of each size of host."""
    rows = [(row["name"], row["busy"] + row["planned"]) for row in fleet["experiments"]]
    named = rows[: limits.EXPERIMENTS_DRAWN]
    others = sum(amount for _, amount in rows[limits.EXPERIMENTS_DRAWN :])
    parts = [*named, *([(_OTHERS, others)] if others else []), ("idle", fleet["idle_cores"])]
    return {
        "whole": _bar(parts),
        "classes": [
            _bar([("busy", _sum_of(size.busy)), ("planned", _sum_of(size.planned)), ("idle", size.idle_cores)])
            for size in classes
        ],
    }


def _sum_of(counted: Iterable[tuple[str, int]]) -> int:
    return sum(amount for _, amount in counted)


def _bar(parts: Sequence[tuple[str, int]]) -> list[Answer]:
    """Each part with where it begins and how wide it is drawn; none that would not be seen."""
    total = sum(amount for _, amount in parts)
    bars, start = [], 0.0
    for place, (name, amount) in enumerate(parts):
        wide = round(_WIDE * amount / total, 1) if total else 0.0
        if wide:
            bars.append({"name": name, "amount": amount, "place": place, "x": round(start, 1), "width": wide})
        start += wide
    return bars

"""What would be ordered now and where it would go: the same for the page and a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from axiom.domain.planning import FleetClass, Placement, Preview, Worth
from axiom.domain.sessions import Allotment
from axiom.limits import planning as limits
from axiom.web.base.request import Answer, Reading
from axiom.web.views import releases

_OTHERS = "others"
_WIDE = 660  # units in which the picture is drawn


def page(reading: Reading) -> Answer:
    """The plan as it is now. Hosts appear by their size alone: their names are nobody else's business."""
    preview = reading.preview()
    said = as_data(preview)
    del said["hosts"]
    fleet = _fleet(preview.classes)
    return {
        "plan": {
            **said,
            "fleet": fleet,
            "picture": _picture(fleet, preview.classes),
            "idle": why_idle(said["classes"]),
            "releases": releases.listed(reading),
            "shown": limits.ROWS_SHOWN,
        }
    }


def as_data(preview: Preview) -> Answer:
    """A preview in JSON's own types."""
    names = _names(preview)
    return {
        "allotments": [_allotment(allotment, names) for allotment in preview.plan.allotments],
        "idle_cores": sum(one.idle_cores for one in preview.placements),  # once all this is ordered
        "idle_before": preview.plan.idle_cores,
        "skipped": [asdict(one) for one in preview.plan.skipped],
        "reason": preview.plan.reason,
        "classes": [_class(one) for one in preview.classes],
        "hosts": [_placement(placement) for placement in preview.placements],
        "worth": [_worth(worth) for worth in preview.worths],
    }


def why_idle(classes: Iterable[Answer]) -> list[Answer]:
    """Why cores stay idle, each reason once, with how many hosts of which sizes have it."""
    found: dict[str, Answer] = {}
    for one in classes:
        for why in one["reasons"]:
            before = found.get(why["reason"], {"hosts": 0, "least": one["cores"], "most": one["cores"]})
            found[why["reason"]] = {
                "reason": why["reason"],
                "hosts": before["hosts"] + why["hosts"],
                "least": min(before["least"], one["cores"]),
                "most": max(before["most"], one["cores"]),
            }
    return list(found.values())


def _names(preview: Preview) -> Mapping[int, str]:
    """The experiments that it speaks of."""
    known = {one.experiment_id: one.name for one in preview.plan.skipped}
    return known | {worth.experiment_id: worth.name for worth in preview.worths}


def _allotment(one: Allotment, names: Mapping[int, str]) -> Answer:
    return {"name": names.get(one.experiment_id, ""), **asdict(one)}


def _placement(one: Placement) -> Answer:
    return {**asdict(one), "tasks": dict(one.tasks)}


def _class(one: FleetClass) -> Answer:
    return {
        **asdict(one),
        "busy": dict(one.busy),
        "planned": dict(one.planned),
        "reasons": [{"reason": reason, "hosts": hosts} for reason, hosts in one.reasons],
    }


def _worth(one: Worth) -> Answer:
    return {**asdict(one), "purpose": one.purpose.value, "per_core_hour": one.per_core_hour}


def _fleet(classes: Sequence[FleetClass]) -> Answer:
    """The whole fleet: what its cores compute now, what they would, and how many would be idle."""
    busy, planned = _summed(one.busy for one in classes), _summed(one.planned for one in classes)
    return {
        "hosts": sum(one.hosts for one in classes),
        "cores": sum(one.cores * one.hosts for one in classes),
        "gpus": sum(one.gpus * one.hosts for one in classes),
        "idle_cores": sum(one.idle_cores for one in classes),
        "gpu_tasks": sum(one.gpu_tasks for one in classes),
        "experiments": [
            {"name": name, "busy": busy[name], "planned": planned[name]}
            for name in sorted(busy | planned, key=lambda name: (-busy[name] - planned[name], name))
        ],
    }


def _summed(parts: Iterable[Iterable[tuple[str, int]]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in parts:
        found.update(dict(part))
    return found


def _picture(fleet: Answer, classes: Sequence[FleetClass]) -> Answer:
    """Bars as wide as their cores are many: of the whole fleet by experiment, and of each size of host."""
    rows = [(row["name"], row["busy"] + row["planned"]) for row in fleet["experiments"]]
    named = rows[: limits.EXPERIMENTS_DRAWN]
    others = sum(amount for _, amount in rows[limits.EXPERIMENTS_DRAWN :])
    parts = [*named, *([(_OTHERS, others)] if others else []), ("idle", fleet["idle_cores"])]
    return {
        "whole": _bar(parts),
        "classes": [
            _bar([("busy", _all(one.busy)), ("planned", _all(one.planned)), ("idle", one.idle_cores)])
            for one in classes
        ],
    }


def _all(counted: Iterable[tuple[str, int]]) -> int:
    return sum(amount for _, amount in counted)


def _bar(parts: Sequence[tuple[str, int]]) -> list[Answer]:
    """Each part with where it begins and how wide it is drawn; none that would not be seen."""
    total = sum(amount for _, amount in parts)
    found, start = [], 0.0
    for place, (name, amount) in enumerate(parts):
        wide = round(_WIDE * amount / total, 1) if total else 0.0
        if wide:
            found.append({"name": name, "amount": amount, "place": place, "x": round(start, 1), "width": wide})
        start += wide
    return found

"""Does the verdict rest on somebody? It is weighed again without each volunteer and without each host."""

from collections.abc import Mapping, Sequence

from axiom_weigh.evidence.choice_of_statistic import Question
from axiom_weigh.evidence.finding_card import LeaveOneOut
from axiom_weigh.evidence.verdict import prepare_ranks, weigh_values
from axiom_weigh.values import Home, Observation, Verdict

_Places = frozenset[int]  # of observations, in their order


def without_each(
    question: Question, counted: Sequence[Observation], homes: Mapping[int, Home]
) -> tuple[LeaveOneOut, ...]:
    """The verdict without the values of each host and of each volunteer, where there are several of them.

    A value to which several contributed is gone without any of them.
    """
    left_out = [
        (by, number, places) for by, parts in _parts(counted, homes).items() for number, places in parts.items()
    ]
    wanted = list(dict.fromkeys(places for _, _, places in left_out))  # a volunteer with one host is left out with it
    rests = ([observation for place, observation in enumerate(counted) if place not in gone] for gone in wanted)
    weighed = [_verdict(question, rest) for rest in rests]
    verdicts = dict(zip(wanted, weighed, strict=True))
    return tuple(LeaveOneOut(by=by, number=number, verdict=verdicts[places]) for by, number, places in left_out)


def _verdict(question: Question, rest: Sequence[Observation]) -> Verdict:
    values = [observation.value for observation in rest]
    return weigh_values(
        question, values, stream=prepare_ranks(question, values, [other.design for other in rest])
    ).verdict


def _parts(counted: Sequence[Observation], homes: Mapping[int, Home]) -> dict[str, dict[int, _Places]]:
    """What goes with each host and each volunteer. Who alone has given values cannot be left out."""
    by_host: dict[int, list[int]] = {}
    for place, observation in enumerate(counted):
        for host in observation.hosts:
            by_host.setdefault(host, []).append(place)
    hosts = {host: frozenset(places) for host, places in sorted(by_host.items()) if host in homes}
    volunteers: dict[int, _Places] = {}
    for host, places in hosts.items():
        number = homes[host].volunteer_id
        volunteers[number] = volunteers.get(number, frozenset()) | places
    by_kind = {"host": hosts, "volunteer": dict(sorted(volunteers.items()))}
    return {by: _givers(counted, parts) for by, parts in by_kind.items()}


def _givers(counted: Sequence[Observation], parts: Mapping[int, _Places]) -> dict[int, _Places]:
    """Those who gave values, where they are several."""
    givers = {
        number: places for number, places in parts.items() if any(counted[place].value is not None for place in places)
    }
    return givers if len(givers) > 1 else {}

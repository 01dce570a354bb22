"""Leaving each host and each volunteer out says what weighing the rest anew says, without weighing it anew."""

from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.evidence.leave_one_out import without_each
from axiom.decisions.evidence.method import question
from axiom.decisions.evidence.verdict import conclude
from axiom.domain.findings import Home, Kind, Observation, Verdict

HOMES = {host: Home(host_id=host, volunteer_id=(host + 1) // 2, platform="linux") for host in range(1, 6)}


def asked(kind: Kind = Kind.CONTRAST, **more):
    return question({"kind": kind.value, "null": 0.0, "smallest": 0.3, "bounds": None, **more})


def slowly(asked, counted, homes):
    """The definition: weigh again what is left."""
    found = []
    for by in ("host", "volunteer"):
        places = [
            {homes[host].host_id if by == "host" else homes[host].volunteer_id for host in one.hosts if host in homes}
            for one in counted
        ]
        given_by = {number for at, one in zip(places, counted, strict=True) if one.value is not None for number in at}
        for number in sorted(given_by) if len(given_by) > 1 else []:
            rest = [one.value for one, at in zip(counted, places, strict=True) if number not in at]
            found.append((by, number, conclude(asked, rest).verdict))
    return found


QUESTIONS = [asked(), asked(null=0.1), asked(Kind.RANK_CORRELATION), asked(about="mean", bounds=[-1.0, 1.0])]
VALUE = st.none() | st.sampled_from([0.0, 0.1, 0.3, -0.3, 1.0]) | st.floats(-1.0, 1.0) | st.floats(0.4, 0.9)
PLACES = st.lists(st.integers(1, 7), max_size=2, unique=True).map(tuple)  # two of them nobody knows


def observed(rows) -> list[Observation]:
    return [Observation(replicate=number, value=value, hosts=hosts) for number, (value, hosts) in enumerate(rows)]


EVENTS = [
    asked(Kind.PROPORTION, null=null, smallest=smallest) for null, smallest in ((0.5, 0.1), (0.0, 0.4), (1.0, 0.4))
]


@settings(max_examples=40)
@given(
    st.tuples(st.sampled_from(QUESTIONS), st.lists(st.tuples(VALUE, PLACES), max_size=40))
    | st.tuples(
        st.sampled_from(EVENTS), st.lists(st.tuples(st.sampled_from([None, 0.0, 1.0, 1.0]), PLACES), max_size=40)
    )
)
def test_leaving_out_says_what_weighing_the_rest_says(case):
    asked, rows = case
    counted = observed(rows)
    quickly = [(one.by, one.number, one.verdict) for one in without_each(asked, counted, HOMES)]
    assert quickly == slowly(asked, counted, HOMES)


def test_a_verdict_that_one_host_alone_carries_falls_with_it():
    for hosts in ((), (1,), (9,)):  # where nobody can be left out
        assert without_each(asked(), [Observation(replicate=n, value=1.0, hosts=hosts) for n in range(9)], HOMES) == ()
    # 13 of 16 values are the first host's; the others are too few to say anything
    counted = observed([(1.0 + number / 100, (1,)) for number in range(13)] + [(1.0, (3,))] * 3)
    found = {(one.by, one.number): one.verdict for one in without_each(asked(), counted, HOMES)}
    assert found == {
        ("host", 1): Verdict.UNDECIDED,
        ("host", 3): Verdict.POSITIVE,
        ("volunteer", 1): Verdict.UNDECIDED,
        ("volunteer", 2): Verdict.POSITIVE,
    }

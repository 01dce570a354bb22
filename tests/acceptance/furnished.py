"""A small laboratory with something on every page, made through the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from axiom.domain.findings import Evidence, Grade, Observation, Verdict
from axiom.domain.sessions import Note, Step
from axiom.store import blobs, evidence, sessions

HOSTILE = '<script>alert("Ada & co")</script>'
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="120" viewBox="0 0 {width} 120" role="img" '
    'aria-labelledby="{name}-{width}-t"><title id="{name}-{width}-t">The interval becomes narrower</title>'
    '<rect y="50" width="{width}" height="20" fill="var(--band)"/>'
    '<path d="M10 60H{end}" stroke="var(--plus)" stroke-width="3"/></svg>'
)


def weighed(blocks: int, **changes: Any) -> Evidence:
    """What so many blocks of eight say; narrower with each."""
    found = Evidence(
        blocks=blocks,
        seeds=8 * blocks,
        missing=0,
        estimate=0.931,
        low=0.931 - 0.4 / blocks,
        high=0.931 + 0.4 / blocks,
        e_value=40.0**blocks,
        e_kind="flip",
        verdict=Verdict.POSITIVE if blocks > 1 else Verdict.UNDECIDED,
        grade=Grade.MODERATE if blocks > 1 else Grade.AWAITING,
        hosts=2,
        volunteers=1,
        platforms=1,
        needs=("all replicates belong to one volunteer; another must compute it",),
        flags=(),
        reasons=("the interval lies above what would be too small to matter", "one volunteer computed it"),
    )
    return replace(found, **changes)


def fill(lab, prepared) -> None:
    """Results, evidence, two sessions, pictures, and a host with a hostile name."""
    lab.publish(prepared())
    lab.deploy(workunits=4)
    host = lab.host(HOSTILE)
    for _ in range(2):
        lab.later(minutes=1)
        order = lab.order(host)
        lab.report(order, lab.output(order))
        lab.validate()
    bad = lab.order(host)
    lab.report(bad, b"nonsense")
    lab.validate()
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET reason = :reason WHERE id = :id", reason=HOSTILE, id=bad.task)
        for name in ("first", "second"):
            session = sessions.begin(lab.db, pi="autopilot", reason="two hours have passed", now=lab.now)
            sessions.write(
                lab.db,
                session.id,
                Step.REVIEW,
                [
                    Note(
                        kind="results.back",
                        text="{results} results of {experiment} came back, a *{name}* time.",
                        facts={"results": 1234, "experiment": HOSTILE, "name": name},
                        about="/results?experiment=tiny_sum",
                    )
                ],
            )
            sessions.write(
                lab.db, session.id, Step.LOG, [Note(kind="log.end", text="{done} done.", facts={"done": name})]
            )
            for step in Step:
                current = sessions.by_name(lab.db, session.name)
                assert current
                sessions.finish(
                    lab.db, current, step, seen_task=0, now=lab.now + timedelta(minutes=2), ends=step is Step.LOG
                )
        observed = [
            Observation(replicate=number, value=None if number == 3 else 1.0 + number / 10, host_id=host)
            for number in range(8)
        ]
        for blocks in (1, 2):
            evidence.record(lab.db, 1, weighed(blocks), observed, session_id=1, now=lab.now)
        draw(lab, "finding/1/narrowing", 660, 326)
        draw(lab, "experiment/1/sweep", 660, 326)
    lab.later(minutes=5)


def draw(lab, name: str, *widths: int) -> None:
    for width in widths:
        svg = SVG.format(name=name.replace("/", "-"), width=width, end=width - 10)
        digests = [blobs.put(lab.db, lab.folder, body, lab.now) for body in (svg.encode(), b"\x89PNG" + svg.encode())]
        lab.db.execute(
            "INSERT INTO figure (name, shows, svg, png, drawn_at) VALUES (:name, '', :svg, :png, :at)",
            name=f"{name}/{width}",
            svg=digests[0],
            png=digests[1],
            at=lab.now,
        )


def furnish_more(lab, prepared) -> None:
    """Two more versions: one whose finding is absent and retired, and one that awaits its first block."""
    for version in (2, 3):
        lab.publish(prepared(version=version))
        lab.deploy(version)
    order = lab.order(1)
    lab.report(order, lab.output(order))
    lab.validate()
    absent = weighed(3, estimate=-0.01, low=-0.04, high=0.02, e_value=73.0, verdict=Verdict.ABSENT, grade=Grade.STRONG)
    with lab.db.transaction():
        lab.db.execute("UPDATE finding SET status = 'retired' WHERE id = 2")
        evidence.record(lab.db, 2, absent, [], session_id=None, now=lab.now)

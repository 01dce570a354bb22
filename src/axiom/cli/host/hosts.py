"""`axiom host`: which computers compute, in the shape of the pages' JSON, with the names that pages do not show."""

import click

from axiom.cli.changes import change_command
from axiom.cli.groups import Group
from axiom.cli.output import ID, Shown, answer_option, data_option, reading_options, show_facts, show_table
from axiom.cli.reading import open_reading, read_page
from axiom.reads import hosts
from axiom.reads.base.request import Answer, Reading
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts as records
from axiom_weigh.terminal import print_text

after_option = click.option(
    "--after", type=click.IntRange(0, 2**53), default=0, help="Begin behind this number; 50 are listed at a time."
)


@click.group(
    cls=Group,
    changes={
        "trust": change_command(
            "host.trust", "Host {host} is trusted again; it had been outvoted {outvoted_before} times"
        )
    },
)
def host() -> None:
    """Computers."""


@host.command("list")
@data_option
@after_option
@answer_option
def list_hosts(folder: Folder, after: int) -> Shown:
    """Hosts by number."""
    with open_reading(folder, {"after": after}) as reading:
        answer = hosts.hosts_page(reading)
        rows = [_named(reading, row) for row in answer["hosts"]]
    yield answer | {"hosts": rows}
    show_table(
        (
            "number",
            "name",
            "volunteer",
            "platform",
            "cores",
            "memory MB",
            "credit",
            "a day",
            "valid",
            "last heard from",
        ),
        [_line(row) for row in rows],
        none="There is no host yet." if not answer["of"] else f"There is no host behind {after}.",
    )


@host.command("show")
@click.argument("host_id", type=ID)
@reading_options
def show_host(host_id: int, folder: Folder) -> Shown:
    """One host: what it is, how it stands, and what it was good for."""
    with open_reading(folder) as reading:
        row = _named(reading, hosts.host_page(reading, host_id)["host"])
    yield {"host": row}
    plain = ("number", "name", "platform", "processor", "system", "boinc", "cores", "memory_mb", "disk_mb")
    show_facts({name: row[name] for name in (*plain, "credit", "recent_credit", "known_since", "seen_at")})
    print_text()
    for sentence in (*row["standing"]["in_words"], _why(row)):
        print_text(sentence)
    print_text()
    show_table(
        ("finding", "answer", "verdict", "grade", "replicates"),
        [
            (f["number"], f["answer"], f["verdict"], f["grade"], f"{f['replicates']} of {f['of']}")
            for f in row["findings"]
        ],
        none="No finding rests on its results yet.",
    )


@host.command("why")
@click.argument("host_id", type=ID)
@reading_options
def why(host_id: int, folder: Folder) -> Shown:
    """Why a host gets no work, in one sentence."""
    answer = read_page(folder, hosts.explain_no_work, host_id)
    yield answer
    print_text(answer["host"]["reason"])


def _why(row: Answer) -> str:
    return f"When it last asked, it got no work: {row['why_no_work']}." if row["why_no_work"] else ""


def _named(reading: Reading, row: Answer) -> Answer:
    """The row with the name that the host gives itself: whoever opens the data folder may know it."""
    stored = records.find_host(reading.db, row["number"])
    return row | {"name": stored.name if stored else row["name"]}


def _line(row: Answer) -> tuple[object, ...]:
    lately = row["lately"]
    return (
        row["number"],
        row["name"],
        row["volunteer"]["name"] if row["volunteer"] else "not shown",
        row["platform"],
        row["cores"],
        row["memory_mb"],
        f"{row['credit']:.3f}",
        f"{row['recent_credit']:.3f}",
        f"{lately['valid']} of {lately['of']}",
        row["seen_at"],
    )

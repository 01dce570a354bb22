"""`axiom cluster`: keys with which the pilots of a cluster compute, and until when."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from axiom.cli.changes import Change, change_command, typed_command
from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_json, show_table
from axiom.cli.reading import read_page
from axiom.errors import WrongUse
from axiom.reads import hosts
from axiom.settings import read_process_settings
from axiom.signed.program_tokens import digest_token, new_cluster_key
from axiom.store.engine.folder import Folder

_MODE = 0o600


def _give(command: str, change: Change, cluster: str, key_file: Path | None, days: int) -> None:
    file, key = key_file or Path(f"{cluster}.key"), new_cluster_key()
    words = {"cluster": cluster, "key": digest_token(key), "days": days}
    if change.dry_run:
        change.tell("cluster", change.submit(command, words), f"{cluster} would get a key")
        return
    written = file if command == "cluster.add" else file.with_name(f"{file.name}.new")
    _write(written, key)
    try:
        answer = change.submit(command, words)
    except BaseException:
        written.unlink(missing_ok=True)  # a key that nobody knows
        raise
    written.replace(file)
    if change.as_json:
        show_json({"cluster": {**answer, "key_file": str(file)}})
        return
    settings = read_process_settings(change.folder.settings)[0]
    server = settings.url or "https://YOUR-SERVER/"
    change.remark(
        f"{cluster} may compute until {answer['expires_at'][:10]} with the key in {file}. Take the file to the "
        f"cluster, readable by you alone, and start there:\n"
        f"  axiom work --server {server} --lab {answer['lab']} --key-file {file.name} --scratch DIR\n"
        "docs/howto/run-on-a-cluster.md says how a scheduler starts it."
    )


def _write(file: Path, key: str) -> None:
    """The key in a file of its own: never over another one, which may be the key of something."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError as error:
        raise WrongUse(f"{file} is there already. Nothing was changed; name another file with --key-file.") from error
    except OSError as error:
        raise WrongUse(f"{file} cannot be written ({error.strerror}). Nothing was changed.") from error
    with os.fdopen(handle, "w") as out:
        out.write(f"{key}\n")


_KEY_FILE = {
    "key": click.Option(
        ["--key-file"],
        type=click.Path(path_type=Path, dir_okay=False),
        help="Where to write the key, readable by you alone; NAME.key if not said.",
    )
}


@click.group(
    cls=Group,
    changes={
        "add": typed_command(
            "cluster.add",
            partial(_give, "cluster.add"),
            about="Make a key for a cluster, in a file. Whoever has the file may compute for this laboratory, and "
            "nothing else.",
            own=_KEY_FILE,
        ),
        "renew": typed_command(
            "cluster.renew",
            partial(_give, "cluster.renew"),
            about="Make another key for a cluster, in the place of its file. The one before is good for nothing from "
            "now on.",
            own=_KEY_FILE,
        ),
        "revoke": change_command("cluster.revoke", "The key of {cluster} is revoked"),
    },
)
def cluster() -> None:
    """Clusters that may compute for this laboratory: each has a key, which can do nothing else."""


@cluster.command("list")
@reading_options
def list_clusters(folder: Folder) -> Shown:
    """Every cluster that ever had a key, the oldest first."""
    answer = read_page(folder, hosts.describe_clusters)
    yield answer
    show_table(
        ("cluster", "key", "pilots at work", "cores"),
        [(row["name"], _until(row), row["pilots"], row["cores"]) for row in answer["clusters"]],
        none="No cluster has a key. `axiom cluster add NAME` makes one.",
    )


def _until(row: dict[str, Any]) -> str:
    if row["ended_at"]:
        return f"revoked {row['ended_at'][:10]}"
    return f"until {row['expires_at'][:10]}" if row["may_compute"] else f"expired {row['expires_at'][:10]}"

"""The move itself: keys and settings of before, everything of the dump, and a seal once all of it is there."""

import contextlib
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from axiom.errors import Refused
from axiom.gate.gate import CommandGate
from axiom.server.accounts.statistics_files import StatisticsFiles
from axiom.server.http.foreign_uploads import PUBLIC_KEY
from axiom.service.open_laboratory import open_folder_gate, open_for_reading, prepare_database
from axiom.settings import read_process_settings, write_settings
from axiom.signed.atomic_files import write_atomically
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, CodeSigning, code_facts
from axiom.signed.keys import make_keys, make_secrets
from axiom.store.accounts import adoption
from axiom.store.credit import balance_check
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.journal import history
from axiom_adopt.dump import Dump
from axiom_adopt.inspect_dump import Inspection
from axiom_adopt.load_dump import AdoptRows, Loading, Told, give_rows
from axiom_adopt.project_addresses import ProjectAddresses, derive_settings
from axiom_adopt.project_folder import CodeKeyState, Project

PURPOSE = "axiom adopt"


@dataclass(frozen=True, kw_only=True)
class Move:
    """From where to where."""

    dump: Dump
    project: Project
    folder: Folder
    is_key_elsewhere: bool  # the code-signing key is not here, and its owner knows

    def demand_possible(self, inspection: Inspection) -> None:
        """Refuse what would leave every client with programs that it does not believe, or fall between two projects."""
        if not self.project.code_public.strip():
            raise Refused(
                "The project's keys/code_sign_public is absent, by which clients know their project. Nothing was "
                "written; put it into the project's folder: clients have it in their files, too."
            )
        if self.project.code_key_state is not CodeKeyState.USABLE and not self.is_key_elsewhere:
            raise Refused(
                f"The project's code-signing key is {self.project.code_key_state}, and without it every client refuses "
                "every program. Nothing was written. Put keys/code_sign_private into the project's folder as it was "
                "made; or say --key-elsewhere, and let it sign the laboratory's key where it is kept: `axiom adopt "
                "accept-code-key`; or have everybody detach and attach, which nothing here can do for them."
            )
        self._demand_same_settings()
        if not self.folder.exists():
            self.folder.demand_room()
            return
        with open_for_reading(self.folder) as db:
            before = adoption.read_adoption(db)
            if before is None and any(history.last_number(db, table) for table in ("volunteer", "experiment")):
                raise Refused(
                    f"The laboratory in {self.folder.path} has run already, and its numbers are others' here. Nothing "
                    "was written; move the project into a folder of its own."
                )
            if before is not None and before.digest != inspection.digest:
                raise Refused(
                    f"The move of another dump of {before.project} into {self.folder.path} was begun before. Nothing "
                    "was written; `axiom adopt undo` takes it back, as long as nobody new has come."
                )

    def carry_out(self, inspection: Inspection, tell: Told) -> dict[str, Any]:
        self.folder.create()
        with lock_folder(self.folder, PURPOSE):
            if not self.folder.settings.exists():
                write_settings(self.folder.settings, self._wanted_settings())
            settings, _ = read_process_settings(self.folder.settings)
            self._keep_keys()
            clock = prepare_database(self.folder, is_whole=False)
            make_keys(self.folder.keys, clock.now())
            secret = make_secrets(self.folder.keys).accounts
            with open_folder_gate(self.folder, settings, is_whole=False) as gate:
                begun = self._begin(gate, inspection)
                if begun.sealed_at is None:
                    loading = Loading(
                        gate=gate, inspection=inspection, secret=secret, tell=tell, begun_at=begun.begun_at
                    )
                    facts = loading.load(self.dump)
                    seal = functools.partial(_seal, facts=facts, gate=gate)
                    give_rows(gate, AdoptRows(dump=inspection.digest, part="seal", first=0, rows=1, write=seal))
                StatisticsFiles(self.folder, gate.now, rest=lambda: None).write()
                return {"is_moved": True, "problems": gate.writer.run(find_problems)}

    def _begin(self, gate: CommandGate, inspection: Inspection) -> adoption.Adoption:
        project = self.project.master_url

        def begin(db: Database) -> None:
            adoption.begin_adoption(db, digest=inspection.digest, project=project, now=gate.now())

        give_rows(gate, AdoptRows(dump=inspection.digest, part="begin", first=0, rows=1, write=begin))
        begun = gate.writer.run(adoption.read_adoption)
        if begun is None:
            raise LookupError("the adoption that was begun is gone")
        return begun

    def _wanted_settings(self) -> dict[str, str]:
        return {"name": self.project.long_name or "Axiom", **derive_settings(addresses_of(self.project))}

    def _demand_same_settings(self) -> None:
        """Where a laboratory has settings already, they have to be those of the project's addresses."""
        wanted = self._wanted_settings()
        if not self.folder.settings.exists():
            return
        settings, _ = read_process_settings(self.folder.settings)
        if other := [name for name in wanted if name != "name" and getattr(settings, name) != wanted[name]]:
            lines = [f"{name} = {json.dumps(wanted[name])}" for name in other]
            raise Refused(
                f"{self.folder.settings} says something else than the project's addresses. Nothing was moved; write "
                f"into it: {'; '.join(lines)}."
            )

    def _keep_keys(self) -> None:
        keys, key = self.folder.keys, self.project.code_key
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        if key is not None and not (keys / CODE_KEY).exists():
            key.save(keys / CODE_KEY)
        elif key is None and not (keys / CARRIED).exists():
            elsewhere = CodeSigning(public_text=self.project.code_public, key=None, changes={}, carried={})
            write_atomically(keys / CARRIED, code_facts(elsewhere))
        if self.project.upload_public:
            write_atomically(keys / PUBLIC_KEY, self.project.upload_public.encode())


def addresses_of(project: Project) -> ProjectAddresses:
    schedulers = [address.rpartition("/")[0] for address in project.schedulers[:1]]
    return ProjectAddresses(
        master_url=project.master_url,
        upload_url=project.upload_url,
        download_url=project.download_url,
        cgi_url="".join(schedulers),
    )


def find_problems(db: Database) -> list[str]:
    """What is not as the dump had it, and what does not add up."""
    return [*adoption.list_adoption_problems(db), *balance_check.list_ledger_problems(db)]


@contextlib.contextmanager
def open_moved(folder: Folder, *, is_whole: bool = True) -> Iterator[tuple[Database, adoption.Adoption]]:
    """A laboratory into which a project was moved; wholly, unless half of it will do."""
    absent = Refused(f"No project was moved into {folder.path}. Nothing was done; `axiom adopt --help` says how.")
    if not folder.exists():
        raise absent
    with open_for_reading(folder) as db:
        present = adoption.read_adoption(db)
        if present is None:
            raise absent
        if is_whole:
            adoption.demand_complete_adoption(db)
        yield db, present


def _seal(db: Database, facts: dict[str, Any], gate: CommandGate) -> None:
    adoption.seal_adoption(db, facts, gate.now())
    if problems := find_problems(db):
        raise Refused(
            f"What was moved is not what the dump has: {problems[0]}. It was not sealed; this is ours to mend."
        )

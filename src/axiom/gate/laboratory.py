"""What a command may need of the laboratory besides its database."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from axiom import shipped
from axiom.runner.direct import Describer, describe_boxed, describe_files, describe_soon
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.store.engine.folder import Folder


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """The folder, the keys, the settings and where the catalogue is."""

    folder: Folder
    keys: Keys
    settings: Settings
    package: Path  # the folder of the package `axiom`, from which bundles are packed
    catalogue: Path = field(default_factory=shipped.catalogue_folder)  # the experiments that Axiom brings along
    describe: Describer = describe_boxed  # asks what files declare that Axiom did not bring along
    describe_sent: Describer = describe_boxed  # asks a file that came with the command

    def for_programs(self) -> Self:
        """This laboratory for a program: files that nobody knows are asked what they declare while a request waits."""
        return replace(self, describe=describe_soon, describe_sent=describe_soon)

    def for_terminal(self) -> Self:
        """This laboratory for whoever has its folder: a file of their own is run as they would run it."""
        return replace(self, describe_sent=describe_files)

    @property
    def bundle_good_for(self) -> timedelta:
        """How long the signature over a bundle is good."""
        return timedelta(days=self.settings.bundle_days)

    @property
    def has_address(self) -> bool:
        """Did the operator choose an address under which others find it? Then it is made for volunteers."""
        return bool(self.settings.url)

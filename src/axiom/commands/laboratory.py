"""What a command may need of the laboratory besides its database."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.store.folder import Folder


@dataclass(frozen=True, kw_only=True)
class Laboratory:
    """The folder, the keys, the settings and where the catalogue is."""

    folder: Folder
    keys: Keys
    settings: Settings
    package: Path  # the folder of the package `axiom`, from which bundles are packed

    @property
    def catalogue(self) -> Path:
        """Where the experiments' files are."""
        return self.package / "catalogue"

    @property
    def bundle_good_for(self) -> timedelta:
        """How long the signature over a bundle is good."""
        return timedelta(days=self.settings.bundle_days)

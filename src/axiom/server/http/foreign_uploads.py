"""Outputs of tasks of the server that this laboratory succeeds: whoever brings one has its signature for that."""

import hashlib
from pathlib import Path

from axiom.boinc.uploads import Upload
from axiom.limits import server as limits
from axiom.signed.atomic_files import replace_durably
from axiom.signed.boinc_code_signing import is_code_signed
from axiom.store.engine.folder import Folder

TASK_ID = 0  # no task of ours has it
PUBLIC_KEY = "foreign-upload.public"  # that server's, among the laboratory's keys


class ForeignUploads:
    """They lie in files under their own names, for the project's owner: no page shows them, and nothing weighs them."""

    def __init__(self, folder: Folder) -> None:
        self._place = folder.foreign_uploads
        key = folder.keys / PUBLIC_KEY
        self._public_text = key.read_text(encoding="ascii") if key.exists() else ""
        self.longest = limits.FOREIGN_UPLOAD_BYTES if self._public_text else 0

    def awaits(self, upload: Upload) -> bool:
        """Is it that server's word that this file may be brought, up to this size?"""
        if not self._public_text or upload.nbytes > upload.max_nbytes:
            return False
        agreed = f"<name>{upload.name}</name><max_nbytes>{upload.max_nbytes}</max_nbytes>"
        return is_code_signed(agreed.encode(), upload.token, self._public_text)

    def keep(self, upload: Upload, part: Path) -> bool:
        """Keep a file that is whole, under its name; False where its bytes are not those of the file."""
        with part.open("rb") as file:
            if hashlib.file_digest(file, _md5).hexdigest() != upload.md5:
                return False
        self._place.mkdir(mode=0o700, exist_ok=True)
        replace_durably(part, self._place / upload.name)
        return True


def _md5() -> "hashlib._Hash":
    return hashlib.md5(usedforsecurity=False)

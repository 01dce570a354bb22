"""The laboratory's code-signing key follows that of the server before, which is kept elsewhere and signs it there."""

from pathlib import Path

from axiom.errors import Refused
from axiom.signed.boinc_code_signing import CodeKeyChange, load_code
from axiom.signed.key_rotation import follow_code_change, make_next_code
from axiom.store.engine.folder import Folder, lock_folder
from axiom_adopt.move_project import PURPOSE

_NEXT_CODE = "next-code.public"  # in the folder: the key that the one of before has to sign


def begin_code_key(folder: Folder) -> Path:
    """Make the key that shall follow; returns the file that the key of before has to sign."""
    with lock_folder(folder, PURPOSE):
        public = folder.path / _NEXT_CODE
        public.write_text(make_next_code(folder.keys).strip(), encoding="ascii")
        return public


def accept_code_key(folder: Folder, signature: str) -> None:
    with lock_folder(folder, PURPOSE):
        path = folder.path / _NEXT_CODE
        if not path.exists():
            raise Refused(
                f"No key waits in {folder.path} for a signature. Nothing was changed; `axiom adopt accept-code-key` "
                "without a signature makes it, and says how it is signed."
            )
        follow_code_change(
            folder.keys, CodeKeyChange(public_text=f"{path.read_text(encoding='ascii')}\n", signature=signature)
        )
        path.unlink()


def find_missing_signature(folder: Folder) -> list[str]:
    """What keeps every client from believing the laboratory's programs."""
    if load_code(folder.keys).key is not None:
        return []
    return [
        "the code-signing key is kept elsewhere and has signed no key of the laboratory, so no client would believe "
        "its programs: `axiom adopt accept-code-key`"
    ]

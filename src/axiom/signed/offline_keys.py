"""Keys on a computer without a network: made there, never leaving it; what leaves is their public half."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axiom.errors import KeysUnusable
from axiom.signed import canonical_json
from axiom.signed.atomic_files import write_once
from axiom.signed.boinc_code_signing import CODE_KEY, CodeKey
from axiom.signed.keys import demand_closed, key_files
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import Role, Signers, signers_by, signers_data, signers_of

PUBLIC_FILE = "public.json"

_FORMAT = "axiom-public-1"
_LIMIT = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class PublicKeys:
    root: Signers
    bundle: Signers
    code: str  # BOINC's code-signing key

    def of(self, role: Role) -> Signers:
        return {Role.ROOT: self.root, Role.BUNDLE: self.bundle}[role]


@dataclass(frozen=True, kw_only=True)
class HeldKeys:
    signing: tuple[SigningKey, ...]
    code: CodeKey | None
    roots: frozenset[str] = frozenset()  # root keys that are known here, by id; their private halves may be elsewhere


def make_offline(folder: Path) -> PublicKeys:
    if folder.exists() and any(folder.iterdir()):
        raise KeysUnusable(
            f"{folder} is not empty, and keys are never written beside or over others. Nothing was made; "
            "choose a new folder."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    root, bundle, code = SigningKey.make(), SigningKey.make(), CodeKey.make()
    root.save(folder / "root.key")
    bundle.save(folder / "bundle.key")
    code.save(folder / CODE_KEY)
    public = PublicKeys(root=signers_by(root), bundle=signers_by(bundle), code=code.public_text)
    write_once(folder / PUBLIC_FILE, write_public(public))
    return public


def write_public(public: PublicKeys) -> bytes:
    data: dict[str, Any] = {"bundle": signers_data(public.bundle), "root": signers_data(public.root)}
    return canonical_json.canonical_bytes({**data, "code": public.code, "format": _FORMAT})


def read_public(path: Path) -> PublicKeys:
    try:
        fields = canonical_json.Fields(
            canonical_json.parse_canonical(path.read_bytes(), limit=_LIMIT), path.name, _NAMES
        )
        fields.text("format", _FORMAT)
        return PublicKeys(
            root=signers_of(fields.part("root"), "root"),
            bundle=signers_of(fields.part("bundle"), "bundle"),
            code=fields.text("code"),
        )
    except OSError as fault:
        raise KeysUnusable(f"{path} cannot be read ({fault.strerror}). Nothing was changed.") from None
    except ValueError as fault:
        raise KeysUnusable(
            f"{path} is not the public half of keys: {fault}. Nothing was changed; `axiom keys make` writes one."
        ) from None


_NAMES: Sequence[str] = ("bundle", "code", "format", "root")


def load_held(folder: Path) -> HeldKeys:
    demand_closed(folder)
    paths = [path for role in (Role.ROOT, Role.BUNDLE) for path in key_files(folder, role)]
    code = CodeKey.load(folder / CODE_KEY) if (folder / CODE_KEY).exists() else None
    if not paths and code is None:
        raise KeysUnusable(f"There is no root, bundle or code-signing key in {folder}, so nothing can be signed.")
    signing = tuple(SigningKey.load(path) for path in paths)
    public = read_public(folder / PUBLIC_FILE).root.keys if (folder / PUBLIC_FILE).exists() else {}
    return HeldKeys(signing=signing, code=code, roots=frozenset(key.id for key in signing) | public.keys())

"""Pictures by which the BOINC Manager shows the project: its icon, and what its simple view shows in turn."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

PICTURES = "pictures"  # the folder here, and the address below the project's


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectPicture:
    """A picture; a client knows what it is for by the name under which it opens it."""

    name: str  # of the file: another picture is another file
    open_name: str  # as stat_icon or slideshow_00
    md5: str  # what a client checks the download by
    body: bytes


@cache
def load_project_pictures() -> tuple[ProjectPicture, ...]:
    files = sorted(resources.files("axiom.boinc").joinpath(PICTURES).iterdir(), key=lambda file: file.name)
    return tuple(_picture(file.name, file.read_bytes()) for file in files if file.name.endswith(".png"))


def _picture(name: str, body: bytes) -> ProjectPicture:
    stem, digest = name.removesuffix(".png"), hashlib.sha256(body).hexdigest()[:8]
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return ProjectPicture(name=f"axiom_{stem}_{digest}.png", open_name=stem, md5=md5, body=body)

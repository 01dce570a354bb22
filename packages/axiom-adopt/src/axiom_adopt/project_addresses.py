"""Where a project on the official server answers, and the settings with which a laboratory answers there, too."""

import re
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from axiom.errors import WrongUse

SCHEDULER, UPLOADS = "/scheduler", "/file_upload_handler"  # of a laboratory
_ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.\-_:]*(/[A-Za-z0-9.\-_~/]*)?")
_FOLDER = re.compile(r"(/[A-Za-z0-9.\-_+@/ ]*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectAddresses:
    """What `config.xml` says under these names. WrongUse where nobody could be found at one of them."""

    master_url: str
    upload_url: str
    download_url: str
    cgi_url: str = ""  # empty: the folder in which the upload handler is
    download_dir: str = ""  # of the files at `download_url`; empty where they are not on the computer of the proxy

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            text = getattr(self, name)
            form, words = (_FOLDER, "folder") if name == "download_dir" else (_ADDRESS, "address")
            is_left_out = name == "cgi_url" and not text
            if not is_left_out and not form.fullmatch(text):
                if not text:
                    raise WrongUse(
                        f"config.xml has no <{name}>, so the laboratory cannot answer there. Nothing was written; add "
                        "it in a copy of the folder."
                    )
                raise WrongUse(
                    f"config.xml says {text!r} for {name}, and a laboratory can take over no such {words}: of letters, "
                    "digits and . - _ ~ / it may be made. Nothing was written; correct it in a copy of the file."
                )

    @property
    def scheduler_url(self) -> str:
        return f"{self.cgi_folder}cgi"

    @property
    def cgi_folder(self) -> str:
        """Ends in a slash."""
        return f"{(self.cgi_url or self.upload_url.rpartition('/')[0]).rstrip('/')}/"


def derive_settings(addresses: ProjectAddresses) -> dict[str, str]:
    """The settings `url`, `aliases` and `names`; the last two are left out where they would be empty.

    Clients go on to ask at the address of the project as it is, so it stays the laboratory's. Files at the old download
    address are no files of the laboratory, whose own are below `url`.
    """
    master = f"{addresses.master_url.rstrip('/')}/"
    served = {addresses.scheduler_url: SCHEDULER, addresses.upload_url: UPLOADS}
    paths = {urlsplit(address).path: ours for address, ours in served.items()}
    below = urlsplit(master).path
    aliases = {path: ours for path, ours in paths.items() if path not in {ours, below.removesuffix("/") + ours}}
    names = dict.fromkeys(urlsplit(address).hostname or "" for address in (*served, addresses.download_url))
    others = [name for name in names if name != urlsplit(master).hostname]
    derived = {
        "url": master,
        "aliases": ", ".join(f"{path}={ours}" for path, ours in aliases.items()),
        "names": ", ".join(others),
    }
    return {name: value for name, value in derived.items() if value}

"""Shows that every library which a program for Windows asks for is in the runner, or in every Windows 10.

Wine has more than that, Microsoft's library of C++ among it: what runs there may lack it on a person's computer.
"""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

from build_runner.wheels import tools

_WINDOWS = re.compile(
    r"(api-ms-win-[a-z0-9-]+|advapi32|bcrypt|bcryptprimitives|crypt32|dbghelp|iphlpapi|kernel32|normaliz|ntdll|ole32"
    r"|oleaut32|pdh|powrprof|propsys|psapi|rpcrt4|secur32|shell32|shlwapi|ucrtbase|user32|version|winmm|ws2_32)\.dll"
)
_IMPORTS = 1  # the number of that table
_ENDINGS = {".exe", ".dll", ".pyd"}


def check_all_there(tree: Path) -> None:
    """Refuse a runtime of which a file asks for a library that a person's Windows may not have."""
    programs = [path for path in sorted(tree.rglob("*")) if path.suffix in _ENDINGS]
    own = {path.name.lower() for path in programs}
    for path in programs:
        if strange := {name for name in read_imports(path) if name not in own and not _WINDOWS.fullmatch(name)}:
            raise ValueError(
                f"{path.relative_to(tree)} asks for {min(strange)}, which is neither in the runner nor in every "
                "Windows 10, so nothing was built. Add a package with it to scripts/build_runner/locks/windows.in."
            )


def read_imports(path: Path) -> list[str]:
    """Return the names of the libraries that a program for Windows asks for, in small letters."""
    with _parser()(str(path), fast_load=True) as program:
        program.parse_data_directories(directories=[_IMPORTS])
        return [entry.dll.decode().lower() for entry in getattr(program, "DIRECTORY_ENTRY_IMPORT", ())]


def _parser() -> Any:
    """The reader of Windows' programs; fetched for builds alone."""
    if str(tools()) not in sys.path:
        sys.path.append(str(tools()))
    return importlib.import_module("pefile").PE

"""What the runner asks of the operating system: the one place that chooses between `posix.py` and `windows.py`."""

import sys

if sys.platform == "win32":
    from axiom.runner.platform.windows import windows_here

    system = windows_here()
else:
    from axiom.runner.platform.posix import Posix

    system = Posix()

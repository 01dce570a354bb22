"""How long a test waits for what must come."""

PATIENCE = 400.0
"""Seconds until a test says that something hangs. A slow or a busy computer is no failure: how long things take is
measured by `scripts/bench`, beside an alternative in the same minute, and never by a wait."""

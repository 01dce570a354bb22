"""A laboratory that runs: its parts put together and started, whoever asked for it."""

"""The command `axiom-weigh`, and the options that it shares with `axiom weigh`."""

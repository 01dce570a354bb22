"""Commands that say something about findings: how two hang together, what somebody writes of them, and after whom."""

"""The one door to a change: what a command is, who may give it, and the proof of who did what."""

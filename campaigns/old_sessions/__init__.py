"""The old laboratory's five sessions, held again with a synthetic fleet, and compared with what its logs say.

`data/` holds all that goes in: hosts, and for each task the host, the experiment, how it ended and how long it took. No
total is in there. The times were chosen so that tiers, volunteers and hosts can come out as in the logs. Begin with
`story.py` (what happened), then `playing.py` (how it passes through), `laboratory.py` (what it passes through),
`standins.py` (experiments of the old names, which compute nothing) and `reading.py`.
"""

"""Computers that play a part, against the real laboratory or one whose clock, network and disks are played.

Start with `live.py` (a fleet for a real laboratory), then `contacts.py` (what computers do), `promise_checker.py` (what
must hold) and `laboratory.py` (what is under test). Courses of events and worlds with planted truths are in
`campaigns/tests/world/`.
"""

"""A fleet of volunteers' computers, played against a scheduler by the protocol of the BOINC client.

`scripts/bench scheduler` and `scripts/campaign volunteers` are its uses. Written from the public protocol, standard
library only but for the outputs, which Axiom's own writer makes. A request is that of client 7.20.5, as was recorded.
"""

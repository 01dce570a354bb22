"""Builds the self-contained runner: own interpreter, hashed packages, one zip, and the small program that unpacks it.

`scripts/build-runner` is its command line. Everything here gives the same bytes for the same inputs: names are sorted,
times are fixed, and what a tool writes about this computer is left out.
"""

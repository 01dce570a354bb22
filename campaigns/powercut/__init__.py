"""Disks for `scripts/campaign powerloss`."""

"""What the laboratory's server takes at once, and how long it waits."""

FREE_DISK_BYTES = 1_000_000_000  # below which outputs have to wait

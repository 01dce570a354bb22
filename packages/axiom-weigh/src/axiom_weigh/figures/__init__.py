"""Pictures of sweeps and findings, drawn by a process of their own."""

"""Pictures of sweeps and findings."""

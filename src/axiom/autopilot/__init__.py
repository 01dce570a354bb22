"""Opens sessions and moves them on, and has new bundles tried."""

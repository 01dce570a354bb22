"""What the laboratory remembers: the only place that speaks SQL."""

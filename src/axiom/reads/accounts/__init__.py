"""Who takes part: how to join, volunteers and their teams."""

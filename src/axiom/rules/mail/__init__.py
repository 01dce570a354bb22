"""Mail and alerts: rules that the server shares."""

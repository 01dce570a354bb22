"""Jobs of the laboratory and whether it is ready: rules that the server shares."""

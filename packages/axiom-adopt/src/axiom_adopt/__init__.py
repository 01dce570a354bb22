"""Makes an Axiom laboratory of a project on an official BOINC server."""

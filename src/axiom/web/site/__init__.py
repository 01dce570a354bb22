"""The application: addresses, templates, kept pages."""

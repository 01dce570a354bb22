"""The sockets: routes, bounds on requests, uploads and downloads."""

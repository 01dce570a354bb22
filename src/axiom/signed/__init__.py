"""What travels between the laboratory and its hosts: signed, strict, and refused when anything is off."""

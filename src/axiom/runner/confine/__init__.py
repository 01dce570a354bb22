"""What untrusted code is held by: Landlock, seccomp, namespaces, bubblewrap."""

"""SQLite itself: connections, bound values, the data folder, blobs, counters."""

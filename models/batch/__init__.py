"""Many pictures answered as one table: rows, shards that continue after a stop, and who runs them. No Qt."""

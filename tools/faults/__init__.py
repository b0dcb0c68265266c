"""Faults of the disk, kills and damaged files, for tools/check-faults."""

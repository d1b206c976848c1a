"""What a host does: backup, restore, recovery of a log, looking for faults."""

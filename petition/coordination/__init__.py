"""What needs both databases: opening, rounds, closing, unlocking."""

"""What needs both databases: opening, rounds, updates, closing."""

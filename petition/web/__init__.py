"""The web layer: knows Flask, and no rules of the core."""

"""Data files: CSV, JSON, spreadsheets, feeds, and what their columns mean."""

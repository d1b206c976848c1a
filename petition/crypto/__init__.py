"""Pure values: encodings, codes, receipts, blind signatures, trees, notes, boxes; no database, no Flask."""

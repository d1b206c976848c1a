"""What may be shown of a letter's numbers and names; the rest of publishing presents it."""

"""The text of a letter: what it may be, its canonical bytes, its HTML."""

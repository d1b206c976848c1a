"""The text of a letter: what it may contain, its canonical bytes, its HTML."""

"""The demo: the real program, driven over HTTP as people would use it."""

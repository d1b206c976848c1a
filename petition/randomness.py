"""How randomness is passed in, so that nothing in the core reads the world."""

from collections.abc import Callable

Random = Callable[[int], bytes]
"""Takes a number of bytes and returns that many random ones; ``os.urandom`` outside of tests."""

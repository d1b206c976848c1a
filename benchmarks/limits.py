"""What benchmarks say of a figure that has a limit."""


def at_most(value: float, limit: float) -> str:
    """The limit, and whether it is exceeded."""
    return f"at most {limit:g}{'   TOO MUCH' if value > limit else ''}"


def at_least(value: float, limit: float) -> str:
    """The limit, and whether it is missed."""
    return f"at least {limit:g}{'   TOO LITTLE' if value < limit else ''}"

"""``petition``, and ``python -m petition``: starts quickly, and ends quietly on Ctrl-C from its first moment."""

import signal


def start() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are loaded
    from petition.cli import main

    main(prog_name="petition")


if __name__ == "__main__":
    start()

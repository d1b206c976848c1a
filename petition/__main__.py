"""``petition``, and ``python -m petition``: starts quickly, and ends quietly on Ctrl-C from its first moment."""

import signal
import sys


def start() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are loaded
    _dump_no_core()
    from petition.cli import main

    main(prog_name="petition")


def _dump_no_core() -> None:
    """A crash writes nothing of what is in memory to the disk: keys, codes, signatures."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    start()

"""``python -m petition``."""

from petition.cli import main

main(prog_name="petition")

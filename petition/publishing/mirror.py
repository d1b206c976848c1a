"""A folder with a folder for each public letter, for mirrors."""

from collections.abc import Iterable
from pathlib import Path

from petition.publishing.folder import NO_JEKYLL
from petition.publishing.placing import FOLDER_MARK, remove_folder


def prepare_mirror(folder: Path, slugs: Iterable[str]) -> list[str]:
    """Make the folder ready for these letters; returns the slugs of those that it held and that are public no more.

    Their files are deleted, because a mirror must not go on showing what was taken down. What was not written here
    stays: a repository, a CNAME, your own page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NO_JEKYLL).touch()
    over = sorted({path.parent.name for path in folder.glob(f"*/{FOLDER_MARK}")} - set(slugs))
    for slug in over:
        remove_folder(folder / slug)
    return over

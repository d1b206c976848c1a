"""Every commit that was ever logged: the one thing in a verification that grows with the log."""

from array import array


class CommitIndex:
    """A map from commits (32 bytes each) to their entry, their round, and whether they were withdrawn.

    A million commits take about 190 MB.
    """

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}
        self._entries = array("Q")
        self._rounds = array("Q")
        self._withdrawn: set[int] = set()

    def add(self, commit: bytes, entry: int, round_number: int) -> bool:
        """Add a commit with the numbers of its entry and its round; False if it is already there."""
        place = len(self._entries)
        if self._places.setdefault(commit, place) != place:
            return False
        self._entries.append(entry)
        self._rounds.append(round_number)
        return True

    def find(self, commit: bytes) -> int | None:
        """The place of a commit, to ask the methods below about; None if it was never added."""
        return self._places.get(commit)

    def entry(self, place: int) -> int:
        """The number of the entry that brought this commit."""
        return self._entries[place]

    def round(self, place: int) -> int:
        """The round of its signature."""
        return self._rounds[place]

    def is_withdrawn(self, place: int) -> bool:
        """Whether its signature has been withdrawn."""
        return place in self._withdrawn

    def withdraw(self, place: int) -> None:
        """Note that its signature is withdrawn."""
        self._withdrawn.add(place)

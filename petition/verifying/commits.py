"""Every commit that was ever logged, in about 50 bytes each: the one thing that grows with the log."""

from array import array

_BYTES = 32


class Commits:
    """A set of commits (32 bytes each) in the order of their arrival, with three numbers kept for each.

    A hash table with open addressing over flat arrays: a million commits take about 55 MB, where Python's own
    sets of bytes would take four times that. The slots are found with Python's keyed hash, so that nobody can
    choose commits that collide.
    """

    def __init__(self) -> None:
        self._commits = bytearray()
        self._entries = array("Q")
        self._rounds = array("Q")
        self._withdrawn = bytearray()
        self._slots = array("I", bytes(4 * 1024))

    def add(self, commit: bytes, entry: int, round_number: int) -> bool:
        """Keep a commit with its entry's and its round's number; False if it was there before."""
        slot = self._slot(commit)
        if self._slots[slot]:
            return False
        self._commits += commit
        self._entries.append(entry)
        self._rounds.append(round_number)
        self._withdrawn.append(0)
        self._slots[slot] = len(self._entries)
        if 2 * len(self._entries) > len(self._slots):
            self._grow()
        return True

    def find(self, commit: bytes) -> int | None:
        """The place of a commit, for the questions below."""
        found = self._slots[self._slot(commit)]
        return found - 1 if found else None

    def entry(self, place: int) -> int:
        """The number of the entry that brought this commit."""
        return self._entries[place]

    def round(self, place: int) -> int:
        """The round of its signature."""
        return self._rounds[place]

    def withdrawn(self, place: int) -> bool:
        """Whether its signature has been withdrawn."""
        return bool(self._withdrawn[place])

    def withdraw(self, place: int) -> None:
        """Its signature is withdrawn from now on."""
        self._withdrawn[place] = 1

    def _slot(self, commit: bytes) -> int:
        last = len(self._slots) - 1
        slot = hash(commit) & last
        while (held := self._slots[slot]) and self._commits[_BYTES * (held - 1) : _BYTES * held] != commit:
            slot = slot + 1 & last
        return slot

    def _grow(self) -> None:
        self._slots = array("I", bytes(8 * len(self._slots)))
        for place in range(len(self._entries)):
            commit = bytes(self._commits[_BYTES * place : _BYTES * (place + 1)])
            self._slots[self._slot(commit)] = place + 1

"""The K rule against protocol 8's own words, on logs of every course."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from petition.verifying.anonymity import AnonymityChecker
from petition.verifying.verdict import Findings

K = 3
OTHER, CLOSED = "other", "closed"
ENTRIES = st.tuples(st.integers(1, 2), st.integers(0, 250)) | st.sampled_from([OTHER, OTHER, CLOSED])
LOGS = st.lists(ENTRIES, max_size=24)


def runs_of(signatures):
    """Split signatures, as pairs of round and leaf, where the leaf hashes do not rise."""
    runs = []
    for signature in signatures:
        if not runs or signature[1] <= runs[-1][-1][1]:
            runs.append([])
        runs[-1].append(signature)
    return runs


def is_kept(entries, cuts):
    """ "K was kept" of protocol 8, word for word."""
    for cut in cuts:
        signed = [entry[0] for entry in entries[:cut] if isinstance(entry, tuple)]
        if any(signed.count(number) < K for number in signed):
            return False
    for start, end in pairwise([0, *cuts]):
        signatures = [entry for entry in entries[start:end] if isinstance(entry, tuple)]
        rounds = [number for number, _ in signatures]
        if CLOSED in entries[start:end]:
            continue
        if any(rounds.count(number) < K for number in rounds) or any(len(run) < K for run in runs_of(signatures)):
            return False
    return True


def finds_nothing(entries, cuts):
    """What the checker says of the same log."""
    findings = Findings(frozenset())
    checker = AnonymityChecker(findings)
    checker.k = K
    for number, entry in enumerate(entries):
        if isinstance(entry, tuple):
            checker.sign(number, entry[0], bytes([entry[1]]) * 32)
        else:
            if entry == CLOSED:
                checker.close()
            checker.interrupt()
        if number + 1 in cuts:
            checker.cut(number + 1)
    findings.fine("k", "")
    return next(check.ok for check in findings.checks("") if check.check == "k")


def up_to_closed(entries):
    """A log in which no signature follows ``closed``, which is another rule."""
    end = entries.index(CLOSED) + 1 if CLOSED in entries else len(entries)
    return entries[:end] + [OTHER for _ in entries[end:]]


@given(entries=LOGS, cuts=st.sets(st.integers(1, 24)))
@example(entries=[(1, 5), (1, 6), (1, 7), (1, 1)], cuts=set())
@example(entries=[(1, 1), (1, 2), (1, 3), (2, 4), CLOSED], cuts={3})
@example(entries=[(1, 1), (1, 2), (1, 3), (1, 4), CLOSED], cuts={3})
def test_what_the_protocol_forbids_is_found(entries, cuts):
    entries = up_to_closed(entries)
    sizes = sorted({cut for cut in cuts if cut < len(entries)} | {len(entries)} - {0})

    assert is_kept(entries, sizes) or not finds_nothing(entries, sizes)


BATCHES = st.lists(st.tuples(st.integers(1, 2), st.sets(st.integers(0, 250), min_size=K, max_size=6)), max_size=6)


@given(batches=BATCHES, rest=st.sets(st.integers(0, 250), max_size=2), cut_after=st.sets(st.integers(0, 6)))
def test_a_log_of_whole_sealings_is_never_blamed(batches, rest, cut_after):
    entries, cuts = [], []
    for place, (number, leaves) in enumerate(batches):
        entries += [OTHER, *((number, leaf) for leaf in sorted(leaves))]
        cuts += [len(entries)] if place in cut_after else []
    last = [(batches[0][0], leaf) for leaf in sorted(rest)] if batches else []
    entries += [OTHER, *last, CLOSED]

    assert finds_nothing(entries, [*cuts, len(entries)])

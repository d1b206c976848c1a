"""The parts that every verdict rests on, against the plainest thing that does the same."""

import json
from multiprocessing import active_children

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petition.crypto.encodings import canonical_json
from petition.verifying import bundles, workers
from petition.verifying.bundles import Task
from petition.verifying.commit_index import CommitIndex
from petition.verifying.entries import Signature
from petition.verifying.shapes import read_entry
from petition.verifying.verdict import Invalid, shown

BASE64URL = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", max_size=40)


@given(message=BASE64URL | st.text(max_size=9), number=st.integers(-3, 2**54), signature=BASE64URL)
@example(message="", number=0, signature="")
@example(message="A", number=2**53 - 1, signature="A")
@example(message="A", number=2**53, signature="A")
@example(message="A", number=10**15, signature="A")
@example(message='A"', number=1, signature="A")
def test_a_signature_entry_is_read_as_any_json_reader_reads_it(message, number, signature):
    entry = {"message": message, "round": number, "signature": signature, "type": "signature"}
    data = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if 0 <= number < 2**53:
        assert read_entry(data) == Signature(message, number, signature)
        assert canonical_json(json.loads(data)) == data
    else:
        with pytest.raises(Invalid):
            read_entry(data)


@given(data=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_bytes_of_any_kind_are_refused_and_nothing_else_happens(data):
    with pytest.raises(Invalid):
        read_entry(data)


@given(data=st.binary(max_size=40), width=st.integers(1, 4))
def test_a_bundle_is_split_only_if_its_entries_make_it_again(data, width):
    try:
        entries = bundles.entries_of(data, width)
    except Invalid:
        return

    assert len(entries) == width
    assert b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries) == data


@given(values=st.lists(st.integers(0, 900), max_size=1200), sought=st.integers(0, 1000))
def test_commits_are_kept_like_in_a_dictionary(values, sought):
    commits, plain = CommitIndex(), {}
    for place, value in enumerate(values):
        commit = value.to_bytes(32, "little")
        assert commits.add(commit, place, value) == (commit not in plain)
        plain.setdefault(commit, (place, value))
    found = commits.find(sought.to_bytes(32, "little"))

    assert (found is None) == (sought.to_bytes(32, "little") not in plain)
    if found is not None:
        assert (commits.entry(found), commits.round(found)) == plain[sought.to_bytes(32, "little")]


def test_only_the_withdrawn_commit_is_withdrawn():
    commits = CommitIndex()
    for value in range(3):
        commits.add(value.to_bytes(32, "big"), value, 1)
    commits.withdraw(1)

    assert [commits.is_withdrawn(place) for place in range(3)] == [False, True, False]


def tasks(count):
    bundle = (2).to_bytes(2, "big") + b"{}"
    return [Task(number, 1, bundle if number % 5 else b"\0", "", "", {}) for number in range(count)]


def test_many_processes_answer_in_order_like_one():
    alone = [str(answer) for answer in workers.examine_all(tasks(40), 1)]

    assert [str(answer) for answer in workers.examine_all(tasks(40), 3)] == alone


def test_processes_that_are_killed_change_nothing():
    alone = [str(answer) for answer in workers.examine_all(tasks(40), 1)]
    before, answers = set(active_children()), []
    for answer in workers.examine_all(tasks(40), 2):
        answers.append(str(answer))
        if len(answers) == 5:
            for child in set(active_children()) - before:
                child.kill()

    assert answers == alone


@given(value=st.text() | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.integers()))
@example(value="\ud800")
@example(value=10**5000)
@example(value=-(10**5000))
def test_any_value_can_be_part_of_a_sentence(value):
    assert shown(value).isprintable()
    assert len(shown(value)) <= 600

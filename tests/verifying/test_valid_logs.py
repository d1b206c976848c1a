"""Logs that break no rule must pass, however unusual they are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.verifying.verdicts import detail, wrongs

pytestmark = pytest.mark.thorough


def a_plain_one(f):
    f.begin().sign(1, 2, 3, 4)
    f.seal()


def an_opening_only(f):
    f.begin(made=0)


def nothing_but_the_letter(f):
    f.add(**f.letter)


def several_sealings(f):
    f.begin(made=20).sign(1, 2, 3)
    f.seal().sign(4, 5, 6, 7)
    f.withdraw(2)
    f.seal().codes(1, 25, 3)
    f.sign(8, 9, 10)
    f.seal()


def a_closed_one(f):
    f.begin().sign(1, 2, 3)
    f.seal().issued(1, 5)
    f.sign(4)
    f.withdraw(1)
    f.close()
    f.seal()


def withdrawals_after_closing(f):
    f.begin().sign(1, 2, 3)
    f.close()
    f.seal().withdraw(2)
    f.seal().withdraw(3)
    f.seal()


def an_apart_one(f):
    f.letter["timing"] = "apart"
    f.begin(made=6).issued(1, 4)
    f.sign(1, 2, 3, 4)
    f.seal()


def several_rolls_and_rounds(f):
    f.add(**f.letter)
    f.open(1, "current", opens="2026-11-01T08:00Z", closes="2026-11-09T00:00Z")
    f.open(2, "former")
    f.codes(1, 5)
    f.codes(2, 7, 2)
    f.sign(1, 2, 3)
    f.sign(11, 12, 13, 14, 15, number=2)
    f.seal().open(9, "former", key=f.keys[2])
    f.codes(9, 3)
    f.sign(21, 22, 23, number=9, key=f.keys[2])
    f.withdraw(12)
    f.seal()


several_rolls_and_rounds.rolls = ("current", "former", "nobody")


def an_annulled_round(f):
    f.begin().open(2)
    f.codes(2, 9)
    f.sign(1, 2, 3)
    f.sign(4, 5, 6, number=2)
    f.withdraw(5)
    f.seal().annul(2)
    f.seal().sign(7, 8, 9)
    f.withdraw(4)
    f.codes(2, 9, 3)
    f.issued(2, 8)
    f.seal().close()
    f.withdraw(6)


def only_annulled_rounds(f):
    f.begin().sign(1, 2, 3)
    f.seal().annul(1)
    f.seal().close()


def annulled_within_the_hour(f):
    f.begin().sign(1, 2, 3)
    f.annul(1)


def an_hour_that_ends_where_it_began(f):
    f.begin().open(2)
    f.codes(2, 9)
    f.sign(1, 2, 3)
    f.seal().sign(4, 5, 6, number=2)
    f.annul(2)
    f.history.append(("2026-11-05T00:00Z", 3, 0))


def as_many_as_can_be(f):
    f.begin(made=5).codes(1, 5, 1)
    f.sign(1, 2, 3, 4)
    f.issued(1, 4)
    f.codes(1, 5, 1)
    f.seal()


def a_letter_by_one(f):
    f.letter["k"] = 1
    f.begin(made=1).sign(1)
    f.seal()


def a_reason_with_every_kind_of_character(f):
    f.begin().sign(1, 2, 3)
    f.raw(
        b'{"reason":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\x7f'
        + "é €😀\u2028".encode()
        + b'","round":1,"type":"annulled"}'
    )
    f.rounds[1]["annulled"] = True


VALID = [
    a_plain_one,
    an_opening_only,
    nothing_but_the_letter,
    several_sealings,
    a_closed_one,
    withdrawals_after_closing,
    an_apart_one,
    several_rolls_and_rounds,
    an_annulled_round,
    only_annulled_rounds,
    annulled_within_the_hour,
    an_hour_that_ends_where_it_began,
    as_many_as_can_be,
    a_letter_by_one,
    a_reason_with_every_kind_of_character,
]


@pytest.mark.parametrize("story", VALID, ids=lambda story: story.__name__)
def test_a_log_that_breaks_no_rule_is_verified(forger, verdict_of, story):
    log = forger(rolls=getattr(story, "rolls", ("workers",)))
    story(log)
    verdict = verdict_of(log)

    assert wrongs(verdict) == {}
    assert (verdict.signatures, verdict.withdrawals) == log.totals()
    assert (verdict.count, verdict.size) == (verdict.signatures - verdict.withdrawals, len(log.entries))


@pytest.mark.parametrize("size", [2, 3, 4, 255, 256, 257, 511, 512, 513, 1025])
def test_trees_of_every_shape_are_verified(forger, verdict_of, size):
    log = forger().begin(made=0)
    while len(log.entries) < size - 1:
        log.codes(1, len(log.entries))
    if len(log.entries) < size:
        log.codes(1, 2000)
    del log.entries[size:]

    assert wrongs(verdict_of(log, since=log.checkpoint(size - 1).encode())) == {}


def test_a_tree_with_a_full_tile_above_the_lowest_is_verified(forger, verdict_of):
    log = forger().begin(made=0)
    for made in range(256 * 256 + 300):
        log.codes(1, made)

    files = log.files()
    assert wrongs(verdict_of(files, since=log.checkpoint(256 * 256 - 1).encode(), processes=2)) == {}

    changed = {"log/tile/1/000": bytes(32) + files["log/tile/1/000"][32:]}
    assert wrongs(verdict_of(files | changed)) == {
        "tiles": "log/tile/1/000 does not have the hashes that the entries give."
    }


def test_witnesses_may_sign_too(forger, verdict_of):
    log = forger().begin()
    log.cosignatures = "— witness.example/w1 AAAAAWJ5dGVzIG9mIGEgY29zaWduYXR1cmU=\n"

    assert wrongs(verdict_of(log)) == {}


def test_a_signature_row_may_stand_across_bundles(forger, verdict_of):
    log = forger().begin(made=0)
    for made in range(252):
        log.codes(1, made)
    log.codes(1, 300)
    log.sign(*range(1, 9))
    log.withdraw(3)

    assert wrongs(verdict_of(log.seal())) == {}


def test_counts_may_leave_out_what_they_like(forger, verdict_of):
    log = forger().begin()
    files = log.files() | {"counts.json": b'{"state": "published", "letter": {"employer": 3.5}}'}

    verdict = verdict_of(files)

    assert wrongs(verdict) == {}
    assert "has no number that the log has" in detail(verdict, "counts")


def test_issued_may_wait_until_all_rounds_have_ended(forger, verdict_of):
    log = forger().begin()
    log.open(2)
    log.issued(1, 3)

    assert wrongs(verdict_of(log)) == {}


@st.composite
def stories(draw):
    """Steps, each a kind and a number; what a step cannot do at its time it leaves."""
    kinds = st.sampled_from(["sign", "sign", "sign", "withdraw", "codes", "annul", "open", "issue", "seal", "close"])
    return draw(st.lists(st.tuples(kinds, st.integers(0, 5)), max_size=30))


def tell(log, steps):
    """Carry out steps by the rules."""
    log.begin(made=8)
    receipt, left = 0, {1: 8}
    closed, withdrawn = False, set()
    for kind, pick in steps:
        rounds = sorted(log.rounds)
        number = rounds[pick % len(rounds)]
        state = log.rounds[number]
        if kind == "withdraw" and (candidates := sorted(log.commits.keys() - withdrawn)):
            withdrawn.add(chosen := candidates[pick % len(candidates)])
            log.withdraw(chosen)
        elif kind == "seal":
            log.seal()
        elif closed:
            continue
        elif kind == "close":
            log.close()
            closed = True
        elif kind == "sign" and left[number] > 0 and not state["annulled"]:
            receipt, left[number] = receipt + 1, left[number] - 1
            log.sign(receipt, number=number)
        elif kind == "codes" and state["issued"] is None:
            left[number] += pick
            log.codes(number, state["made"] + pick)
        elif kind == "annul" and not state["annulled"]:
            log.annul(number)
        elif kind == "issue" and state["issued"] is None:
            log.issued(number, state["signed"] + min(pick, left[number]))
            left[number] = min(pick, left[number])
        elif kind == "open" and len(rounds) < 3:
            log.open(len(rounds) + 1)
            log.codes(len(rounds) + 1, pick)
            left[len(rounds) + 1] = pick
    log.seal()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=stories())
def test_whatever_happens_by_the_rules_is_verified(forger, verdict_of, steps):
    log = forger()
    tell(log, steps)

    assert wrongs(verdict_of(log)) == {}

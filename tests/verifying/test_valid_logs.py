"""Logs that break no rule must pass, however unusual they are."""

import pytest
from hypothesis import given, settings

from petition.publishing.data.exports import table
from tests.verifying.campaigns import campaigns, carry_out
from tests.verifying.verdicts import detail, wrongs

pytestmark = pytest.mark.thorough

VALID = {}


def valid(**options):
    """Enter a story into the table; ``options`` are the builder's."""

    def enter(story):
        VALID[story.__name__] = (story, options)
        return story

    return enter


@valid()
def a_plain_one(f):
    f.begin().sign(1, 2, 3, 4)
    f.seal()


@valid()
def only_an_opening(f):
    f.begin(made=0)


@valid()
def an_opening_without_a_history(f):
    f.begin(made=0)
    f.replaced["history.csv"] = None


@valid()
def only_the_letter(f):
    f.add(**f.letter)


@valid()
def several_updates(f):
    f.begin().sign(1, 2, 3)
    f.seal().sign(4, 5, 6, 7)
    f.withdraw(2)
    f.seal().codes(1, 25, 3)
    f.sign(8, 9, 10)
    f.seal()


@valid()
def two_sealings_in_one_hour(f):
    f.begin().open(2, made=9)
    f.batch(f.in_order(1, 2, 3), f.in_order(4, 5, 6, number=2))
    f.withdraw(2)
    f.codes(1, 25)
    f.batch(f.in_order(7, 8, 9), f.in_order(10, 11, 12, number=2))
    f.seal()


@valid()
def a_closing_with_what_was_left(f):
    f.begin().sign(1, 2, 3)
    f.seal().issued(1, 5)
    f.sign(4)
    f.withdraw(1)
    f.close()
    f.seal()


@valid()
def a_sealing_and_a_closing_in_one_hour(f):
    f.begin().sign(1, 2, 3)
    f.sign(4, 5)
    f.withdraw(1)
    f.close()
    f.seal()


@valid()
def sealed_published_and_closed_in_one(f):
    f.begin().sign(1, 2, 3)
    f.close()
    f.seal()


@valid()
def a_closing_that_an_older_checkpoint_does_not_divide(f):
    f.begin().sign(1, 2, 3)
    f.seal().codes(1, 30)
    f.since = [f.checkpoint(size).encode() for size in (0, 3, 6, 7)]
    f.sign(4)
    f.close()
    f.seal()


@valid()
def withdrawals_after_closing(f):
    f.begin().sign(1, 2, 3)
    f.close()
    f.seal().withdraw(2)
    f.seal().withdraw(3)
    f.withdraw(1)
    f.seal()


@valid(timing="apart")
def issuing_and_signing_apart(f):
    f.begin(made=6).issued(1, 4)
    f.sign(1, 2, 3, 4)
    f.seal()


@valid(rolls=("current", "former", "nobody"))
def several_rolls_and_rounds(f):
    f.add(**f.letter)
    f.open(1, "current", made=5, opens="2026-11-01T08:00Z", closes="2026-11-09T00:00Z")
    f.open(2, "former", made=7)
    f.codes(2, 7, 2)
    f.batch(f.in_order(1, 2, 3), f.in_order(11, 12, 13, 14, 15, number=2))
    f.seal().open(9, "former", key=f.keys[2], made=3)
    f.sign(21, 22, 23, number=9, key=f.keys[2])
    f.withdraw(12)
    f.seal()


@valid()
def a_round_that_stayed_under_k(f):
    f.begin().open(2, made=9)
    f.sign(1, 2, 3)
    f.seal().issued(2, None)
    f.issued(1, 9)
    f.close()


@valid()
def an_annulled_round(f):
    f.begin().open(2, made=9)
    f.batch(f.in_order(1, 2, 3), f.in_order(4, 5, 6, number=2))
    f.withdraw(5)
    f.seal().annul(2)
    f.seal().sign(7, 8, 9)
    f.withdraw(4)
    f.codes(2, 9, 3)
    f.issued(2, 8)
    f.seal().close()
    f.withdraw(6)


@valid()
def only_annulled_rounds(f):
    f.begin().sign(1, 2, 3)
    f.seal().annul(1)
    f.seal().close()


@valid()
def annulled_within_the_hour(f):
    f.begin().sign(1, 2, 3)
    f.annul(1)


@valid()
def an_hour_that_ends_where_it_began(f):
    f.begin().open(2, made=9)
    f.sign(1, 2, 3)
    f.seal().sign(4, 5, 6, number=2)
    f.annul(2)
    f.history.append(("2026-11-05T00:00Z", 3, 0, f.size))


@valid()
def codes_after_the_last_row(f):
    f.begin().sign(1, 2, 3)
    f.seal().codes(1, 30)
    f.codes(1, 31)


@valid()
def every_code_used(f):
    f.begin(made=4).sign(1, 2, 3, 4)
    f.issued(1, 4)
    f.seal()


@valid()
def every_code_recalled_and_some_of_them_used(f):
    f.begin(made=4).sign(1, 2, 3)
    f.seal().codes(1, 4, 4)


@valid()
def nearly_everyone_withdrew(f):
    f.begin().sign(1, 2, 3)
    f.withdraw(1)
    f.withdraw(3)
    f.seal()


@valid(k=1)
def a_statement_by_one(f):
    f.begin(made=1).sign(1)
    f.seal().withdraw(1)
    f.seal().close()


@valid(k=50)
def the_largest_k(f):
    f.begin(made=60).sign(*range(50))
    f.seal()


@valid()
def a_reason_with_every_kind_of_character(f):
    f.begin().sign(1, 2, 3)
    f.raw(
        b'{"reason":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/\x7f'
        + "é €😀\u2028".encode()
        + b'","round":1,"type":"annulled"}'
    )
    f.rounds[1]["annulled"] = True


ODD_ROLLS = ("1-2", "=1", "＝1", "'=1", "''3", "'t Zand", "'t Zand 2", "007", "Shift 1")


@valid(rolls=[f"roll-{number}" for number in range(len(ODD_ROLLS))])
def groups_whose_names_a_spreadsheet_would_change(f):
    for roll, name in zip(f.letter["rolls"], ODD_ROLLS, strict=True):
        roll["name"] = f.roll_names[roll["id"]] = name
    f.begin().sign(1, 2, 3)
    f.seal()
    rows = [("L", "2026-11-01T02:00Z", "total", "", 3), ("L", "2026-11-01T02:00Z", "roll", ODD_ROLLS[0], 3)]
    rows += [("L", "2026-11-01T02:00Z", "roll", name, 0) for name in ODD_ROLLS[1:]]
    f.replaced["counts.csv"] = table(("letter", "as_of", "field", "option", "count"), rows)


@pytest.mark.parametrize("name", VALID)
def test_a_log_that_breaks_no_rule_is_verified(build, verdict_of, name):
    story, options = VALID[name]
    log = build(**options)
    story(log)
    verdict = verdict_of(log)

    assert wrongs(verdict) == {}
    assert (verdict.signatures, verdict.withdrawals) == log.totals()
    assert (verdict.k, verdict.size) == (log.letter["k"], log.size)


@pytest.mark.parametrize("dropped", [0, 5])
def test_dropped_signatures_fit_into_the_small_rounds(build, verdict_of, dropped):
    log = build(k=5).begin()
    log.sign(*range(5))
    log.open(2, made=9)
    log.open(3, made=9)
    log.close(dropped=dropped)
    verdict = verdict_of(log.seal())

    assert wrongs(verdict) == {}
    assert ("About 5 signatures of rounds under K were never published" in detail(verdict, "closed")) == (dropped == 5)


@pytest.mark.parametrize("size", [2, 3, 4, 255, 256, 257, 511, 512, 513, 1025])
def test_trees_of_every_shape_are_verified(build, verdict_of, size):
    log = build().begin(made=0)
    while log.size < size:
        log.codes(1, log.size)
    older = [log.checkpoint(older).encode() for older in {1, size // 2, size - 1, size}]

    assert wrongs(verdict_of(log, since=older)) == {}


def test_a_tree_with_a_full_tile_above_the_lowest_is_verified(build, verdict_of):
    log = build().begin(made=0)
    for made in range(256 * 256 + 300):
        log.codes(1, made)

    files = log.files()
    assert wrongs(verdict_of(files, since=[log.checkpoint(256 * 256 - 1).encode()], processes=2)) == {}

    changed = {"log/tile/1/000": bytes(32) + files["log/tile/1/000"][32:]}
    assert wrongs(verdict_of(files | changed)) == {
        "tiles": "log/tile/1/000 does not have the hashes that the entries give."
    }


def test_witnesses_may_sign_too(build, verdict_of):
    log = build().begin()
    log.cosignatures = "— witness.example/w1 AAAAAWJ5dGVzIG9mIGEgY29zaWduYXR1cmU=\n"

    assert wrongs(verdict_of(log)) == {}


def test_a_batch_may_continue_in_the_next_bundle(build, verdict_of):
    log = build().begin(made=0)
    for made in range(252):
        log.codes(1, made)
    log.codes(1, 300)
    log.sign(*range(1, 9))
    log.withdraw(3)

    assert wrongs(verdict_of(log.seal())) == {}


def test_counts_may_leave_out_what_they_like(build, verdict_of):
    log = build().begin()
    files = log.files() | {"counts.json": b'{"state": "published", "letter": {"employer": 3.5}}'}

    verdict = verdict_of(files)

    assert wrongs(verdict) == {}
    assert "has no number that the log has" in detail(verdict, "counts")


@settings(max_examples=60)
@given(steps=campaigns())
def test_a_campaign_that_follows_the_rules_is_verified(build, verdict_of, steps):
    log = build()
    carry_out(log, steps)

    assert wrongs(verdict_of(log)) == {}

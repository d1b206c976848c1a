"""Waits of those who guess at passphrases."""

import pytest

from petition.errors import SlowDown
from petition.web.shared.login_throttle import LONGEST_WAIT, MOST_KEPT, Backoff, require_not_throttled, waits

pytestmark = pytest.mark.thorough


def test_waits_grow_and_end_and_are_forgotten_after_a_day() -> None:
    moment = [0.0]
    counted = Backoff(lambda: moment[0])
    seen = []
    for _ in range(20):
        counted.wrong("a")
        seen.append(counted.left("a", 5))
    assert seen[:4] == [0] * 4
    assert seen[4:8] == [1, 2, 4, 8]
    assert max(seen) == LONGEST_WAIT

    moment[0] = LONGEST_WAIT
    assert (counted.left("a", 5), counted.left("b", 5)) == (0, 0)
    moment[0] = 25 * 3600.0
    counted.wrong("b")
    assert counted.left("a", 0) == 0


def test_a_right_one_after_wrong_ones_starts_over() -> None:
    counted = Backoff(lambda: 0.0)
    for _ in range(6):
        counted.wrong("a")
    counted.right("a")

    assert counted.left("a", 5) == 0


def test_where_too_many_names_are_tried_the_oldest_is_forgotten() -> None:
    counted = Backoff(lambda: 0.0)
    for _ in range(6):
        counted.wrong("a")
    assert counted.left("a", 5) > 0

    for number in range(MOST_KEPT + 1):
        counted.wrong(str(number))

    assert counted.left("a", 5) == 0


def test_the_refusal_says_how_long_to_wait() -> None:
    for _ in range(7):
        waits.wrong("a name")
    with pytest.raises(SlowDown) as refused:
        require_not_throttled({"a name": 5})

    assert "1 min" in str(refused.value)
    assert refused.value.after == 4

"""Signing and withdrawing, on both databases."""

from tests.walks import Campaign


def test_a_token_signs_once_and_again_is_the_same_answer(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]
    first = campaign.sign(letter, token)

    assert campaign.sign(letter, token) == first

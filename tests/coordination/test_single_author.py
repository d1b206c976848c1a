"""A letter from one verified person: counted alone, with one code, and its page speaks in the singular."""

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict
from petition.issuing.codes import void_batch
from petition.letters.drafting.settings import Rules, set_rules
from petition.letters.states import ALONE
from petition.verifying import open_source, verify
from tests.publishing.test_folder import publish
from tests.shared import ONCE, Shared


def test_one_signature_is_counted_and_verifies(campaign, tmp_path):
    letter = campaign.a_published_letter(k=ALONE)
    campaign.sign_all(letter, 1)

    assert campaign.seal(letter).signatures == 1
    publish(campaign, letter, tmp_path / "out")
    verdict = verify(open_source(str(tmp_path / "out")))
    assert (verdict.ok, verdict.count) == (True, 1)


def test_there_is_one_code_at_a_time(campaign, issuer):
    letter = campaign.an_open_letter(k=ALONE)
    campaign.codes(letter, 1, is_single=True)

    with pytest.raises(Conflict):
        campaign.codes(letter, 1, is_single=True)

    void_batch(issuer, letter, 1)
    issuer.commit()
    assert len(campaign.codes(letter, 1, is_single=True)) == 1


def test_two_at_once_are_refused(campaign):
    letter = campaign.an_open_letter(k=ALONE)

    with pytest.raises(Conflict):
        campaign.codes(letter, 2, is_single=True)


@pytest.mark.parametrize("rules", [Rules(k=2), Rules(k=0), Rules(k=ALONE, rolls=("Current", "Former"))])
def test_what_is_neither_a_letter_nor_a_statement_is_refused(campaign, rules):
    letter = campaign.a_draft()
    with Session(campaign.databases.petition) as session, pytest.raises(BadShape):
        set_rules(session, campaign.letter(session, letter), rules)


@ONCE
def test_the_page_speaks_in_the_singular(shared: Shared):
    place = shared.a_published_letter(k=ALONE)
    before = shared.get(place.public).text
    shared.campaign.sign_all(place.id, 1)
    shared.campaign.seal(place.id)
    after = shared.get(place.public).text

    assert "Letter to Jo Muster, CEO, Example Corp, from one person who works there" in before
    assert "Not signed yet" in before
    assert "Signed by one verified worker" in after
    assert "join" not in after.partition("</section>")[0]


@ONCE
def test_so_does_the_page_that_only_holders_of_its_address_see(shared: Shared):
    place = shared.an_open_letter(k=ALONE)

    assert "from one person who works there" in shared.get(place.hidden).text


@ONCE
def test_the_author_signs_without_a_word_of_others(shared: Shared):
    place = shared.an_open_letter(k=ALONE, names=("named", "named_at:50"))
    visitor = shared.visitor()
    joined = visitor.open(f"{place.hidden}join")
    chosen = visitor.press(joined, "Continue", code=shared.campaign.codes(place.id, 1, is_single=True)[0])
    signed = visitor.press(chosen, "Sign this letter")

    assert 'value="named"' in chosen.text
    assert "named_at" not in chosen.text, "50 people will never have signed"
    assert signed.heading == "You signed."
    assert "others" not in signed.text


@ONCE
def test_organizers_are_warned_and_choose_it(shared: Shared):
    place = shared.a_draft()
    rules = shared.desk().get(f"{place.desk}rules").text
    assert "the person who hands out the code knows who signed" in " ".join(rules.split())

    values = {"single": "y", "timing": "together", "rolls": "Workers of Example Corp", "k": ""}
    answer = shared.desk().send(f"{place.desk}rules", **values)

    assert answer.status_code == 303
    with Session(shared.campaign.databases.reading) as session:
        assert shared.campaign.letter(session, place.id).k == ALONE

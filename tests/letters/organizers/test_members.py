"""Who works on a letter: one-time links, roles, transfers of access, names that are shown."""

import os
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.errors import BadShape, Conflict, Forbidden, NotFound, Obstructed, Over
from petition.letters.access import own_letter, own_letters, readable_letter
from petition.letters.drafting.approvals import approvals_of, approve, require_approvals, withdraw_approval
from petition.letters.drafting.drafts import save
from petition.letters.models import Approval, Authorship, Letter, NamesKeyCopy, Organizer
from petition.letters.organizers.accounts import INVITATION_LASTS, remove_organizer
from petition.letters.organizers.members import (
    accept,
    cancel_invitation,
    displayed_names,
    invitation,
    invitations,
    invite,
    members,
    remove,
    role_offered,
    set_role,
    show_as,
)
from petition.letters.organizers.names_keys import who_can_unlock
from petition.letters.states import COMMENTER, EDITOR
from petition.letters.text.letter_text import LetterText
from tests.walks import WORDS, Campaign

numbers = count()


class Table:
    """A letter of Ana's, and people around it."""

    def __init__(self, campaign: Campaign, **how: Any) -> None:
        self.campaign = campaign
        number = next(numbers)
        self.ids = {name: campaign.organizer(f"{name} {number}") for name in ("Ana", "Ben", "Cleo")}
        self.letter_id = campaign.a_draft(organizer=self.ids["Ana"], **how)
        self.session = Session(campaign.databases.petition)

    @property
    def letter(self) -> Letter:
        return self.session.get_one(Letter, self.letter_id)

    def person(self, name: str) -> Organizer:
        return self.session.get_one(Organizer, self.ids[name])

    def link(self, role: str = EDITOR, replaces: str | None = None) -> str:
        leaving = None if replaces is None else self.ids[replaces]
        return invite(
            self.session, self.letter, role, moment=self.campaign.clock(), random=os.urandom, replaces=leaving
        )

    def come(self, name: str, secret: str) -> Letter:
        return accept(self.session, secret, self.person(name), moment=self.campaign.clock())

    def roles(self) -> dict[str, str]:
        return {member.name.split()[0]: member.role for member in members(self.session, self.letter)}


@pytest.fixture
def table(campaign: Campaign) -> Iterator[Table]:
    made = Table(campaign)
    yield made
    made.session.close()


def test_a_link_gives_access_with_its_role_once(table: Table) -> None:
    secret = table.link(COMMENTER)
    table.come("Ben", secret)

    assert table.roles() == {"Ana": EDITOR, "Ben": COMMENTER}
    with pytest.raises(Over):
        table.come("Cleo", secret)


def test_a_link_lasts_a_week_and_can_be_taken_back(table: Table) -> None:
    old, back, good = (table.link() for _ in range(3))
    moment = table.campaign.clock()
    cancel_invitation(table.session, table.letter, invitation(table.session, back, moment=moment)[0].key)

    assert len(invitations(table.session, table.letter, moment=moment)) == 2
    with pytest.raises(Over):
        table.come("Ben", back)
    with pytest.raises(Over):
        invitation(table.session, old, moment=moment + INVITATION_LASTS + timedelta(hours=1))
    assert table.come("Ben", good) is table.letter


def test_no_link_is_stored(table: Table) -> None:
    secret = table.link()

    row = invitation(table.session, secret, moment=table.campaign.clock())[0]
    assert secret.encode() not in row.key


def test_a_commenter_reads_and_changes_nothing(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    slug, ben = table.letter.slug, table.person("Ben")

    assert readable_letter(table.session, slug, ben) is table.letter
    with pytest.raises(Forbidden, match="ask an editor"):
        own_letter(table.session, slug, ben)
    with pytest.raises(NotFound):
        readable_letter(table.session, slug, table.person("Cleo"))


def test_who_is_there_already_does_not_use_up_a_link(table: Table) -> None:
    secret = table.link(COMMENTER)
    with pytest.raises(Conflict, match="already"):
        table.come("Ana", secret)

    assert table.come("Ben", secret) is table.letter


def test_a_commenter_becomes_an_editor_by_a_link_for_editors(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    table.come("Ben", table.link(EDITOR))

    assert table.roles()["Ben"] == EDITOR


def test_a_letter_always_has_an_editor(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    ana, ben = table.ids["Ana"], table.ids["Ben"]
    for act in (lambda: remove(table.session, table.letter, ana), lambda: role(table, ana, COMMENTER)):
        with pytest.raises(Conflict, match="needs an editor"):
            act()
    role(table, ben, EDITOR)
    remove(table.session, table.letter, ana)

    assert table.roles() == {"Ben": EDITOR}
    assert own_letters(table.session, table.person("Ana")) == []


def role(table: Table, organizer_id: str, wanted: str) -> None:
    set_role(table.session, table.letter, organizer_id, wanted)


def test_there_are_two_roles_and_no_other(table: Table) -> None:
    with pytest.raises(BadShape):
        table.link("owner")
    with pytest.raises(BadShape):
        role(table, table.ids["Ana"], "owner")


def test_transferred_access_keeps_its_role_and_leaves_its_former_holder(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    table.come("Cleo", table.link(replaces="Ana"))

    assert table.roles() == {"Ben": COMMENTER, "Cleo": EDITOR}


def test_transferred_access_has_the_role_that_its_former_holder_has_by_then(table: Table) -> None:
    table.come("Ben", table.link(EDITOR))
    secret = table.link(replaces="Ben")
    role(table, table.ids["Ben"], COMMENTER)
    offered = invitation(table.session, secret, moment=table.campaign.clock())[0]

    assert role_offered(table.session, offered) == COMMENTER
    table.come("Cleo", secret)
    assert table.roles() == {"Ana": EDITOR, "Cleo": COMMENTER}


def test_a_link_to_one_letter_opens_no_other_letter_of_the_organizer(table: Table) -> None:
    table.come("Ben", table.link(EDITOR))
    table.session.commit()
    table.campaign.a_draft(organizer=table.ids["Ben"])
    table.come("Cleo", table.link(replaces="Ben"))

    assert own_letters(table.session, table.person("Cleo")) == [table.letter]
    assert len(own_letters(table.session, table.person("Ben"))) == 1


def test_an_organizer_who_leaves_loses_names_keys_and_approvals(campaign: Campaign) -> None:
    table = Table(campaign, names=("named",))
    table.come("Ben", table.link())
    approve(table.session, table.letter, table.person("Ben"), 1)
    table.session.commit()
    campaign.open(table.letter_id)
    held = len(campaign.rows(NamesKeyCopy, table.letter_id))
    remove(table.session, table.letter, table.ids["Ben"])
    table.session.commit()

    assert (held, len(campaign.rows(NamesKeyCopy, table.letter_id))) == (2, 1)
    assert campaign.rows(Approval, table.letter_id) == []


def test_the_last_who_can_unlock_names_stays(campaign: Campaign) -> None:
    table = Table(campaign, names=("named",))
    table.session.commit()
    campaign.open(table.letter_id)
    table.come("Ben", table.link())

    with pytest.raises(Conflict, match="Give the key to the names"):
        remove(table.session, table.letter, table.ids["Ana"])
    with pytest.raises(Conflict, match="Give the key to the names"):
        table.link(replaces="Ana")
    table.session.close()


def test_a_former_editor_loses_the_names_keys_and_the_last_editor_with_them_stays_one(campaign: Campaign) -> None:
    table = Table(campaign, names=("named",))
    table.come("Ben", table.link())
    table.session.commit()
    campaign.open(table.letter_id)
    table.come("Cleo", table.link())
    role(table, table.ids["Ben"], COMMENTER)

    assert who_can_unlock(table.session, table.letter_id) == {table.ids["Ana"]}
    with pytest.raises(Conflict, match="Give the key to the names"):
        role(table, table.ids["Ana"], COMMENTER)
    table.session.close()


def test_a_key_of_a_reviewer_is_of_no_use_to_the_editors_who_stay(campaign: Campaign) -> None:
    """Copies that reviewers have from before their role changed."""
    table = Table(campaign, names=("named",))
    table.come("Ben", table.link())
    table.session.commit()
    campaign.open(table.letter_id)
    table.come("Cleo", table.link())
    table.session.get_one(Authorship, (table.letter_id, table.ids["Ben"])).role = COMMENTER

    with pytest.raises(Conflict, match="Give the key to the names"):
        remove(table.session, table.letter, table.ids["Ana"])
    table.session.close()


def test_no_unused_link_leads_back_a_person_who_was_removed(table: Table) -> None:
    table.come("Ben", table.link())
    spare = table.link()
    remove(table.session, table.letter, table.ids["Ben"])

    with pytest.raises(Over):
        table.come("Ben", spare)
    assert table.roles() == {"Ana": EDITOR}


def test_no_unused_link_leads_back_a_person_whose_access_moved_on(table: Table) -> None:
    table.come("Ben", table.link())
    spare = table.link()
    table.come("Cleo", table.link(replaces="Ben"))

    with pytest.raises(Over):
        table.come("Ben", spare)


def test_a_former_editor_is_made_one_again_by_no_unused_link(table: Table) -> None:
    table.come("Ben", table.link())
    spare, of_ana, own = table.link(), table.link(replaces="Ana"), table.link(replaces="Ben")
    role(table, table.ids["Ben"], COMMENTER)

    for gone in (spare, of_ana):
        with pytest.raises(Over):
            table.come("Ben", gone)
    table.come("Cleo", own)
    assert table.roles() == {"Ana": EDITOR, "Cleo": COMMENTER}


def test_names_are_shown_of_those_who_chose_one_in_alphabetical_order(table: Table) -> None:
    for name, shown in (("Ben", "Zoë"), ("Cleo", "")):
        table.come(name, table.link())
        show_as(table.session, table.letter, table.person(name), shown)
    edition = table.letter.edition
    show_as(table.session, table.letter, table.person("Ana"), "  the  committee ")

    assert displayed_names(table.session, table.letter_id) == ["the committee", "Zoë"]
    assert table.letter.edition == edition + 1
    for bad in ("x" * 101, "a\u202eb"):
        with pytest.raises(BadShape):
            show_as(table.session, table.letter, table.person("Ana"), bad)


def test_only_who_works_on_no_letter_can_be_forgotten(table: Table) -> None:
    table.come("Ben", table.link())
    with pytest.raises(Conflict, match="still works"):
        remove_organizer(table.session, table.person("Ben"))
    remove(table.session, table.letter, table.ids["Ben"])
    remove_organizer(table.session, table.person("Ben"))

    assert table.session.get(Organizer, table.ids["Ben"]) is None


# Approvals


def test_an_approval_is_of_one_version(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    approve(table.session, table.letter, table.person("Ben"), 1)
    changed = LetterText(**{**WORDS.__dict__, "body": "Another."})
    save(table.session, table.letter, table.person("Ana"), changed, based_on=1, moment=table.campaign.clock())

    assert approvals_of(table.session, table.letter, 1) == [table.person("Ben")]
    assert approvals_of(table.session, table.letter, 2) == []
    with pytest.raises(Conflict, match="Ana [0-9]+ saved a newer version"):
        approve(table.session, table.letter, table.person("Ben"), 1)


def test_opening_asks_for_as_many_approvals_as_the_rule_says(table: Table) -> None:
    table.come("Ben", table.link(COMMENTER))
    require_approvals(table.session, table.letter, 2)
    approve(table.session, table.letter, table.person("Ana"), 1)
    table.session.commit()
    with pytest.raises(Obstructed, match="has 1 of 2 approvals"):
        table.campaign.open(table.letter_id)
    approve(table.session, table.letter, table.person("Ben"), 1)
    table.session.commit()

    table.campaign.open(table.letter_id)
    with pytest.raises(Conflict, match="is open"):
        withdraw_approval(table.session, table.letter, table.person("Ben"))


def test_no_more_approvals_are_asked_for_than_there_are_people(table: Table) -> None:
    for wanted in (2, -1):
        with pytest.raises(Conflict, match="than there are people"):
            require_approvals(table.session, table.letter, wanted)


def test_an_approval_taken_back_or_of_one_who_left_does_not_count(table: Table) -> None:
    for name in ("Ben", "Cleo"):
        table.come(name, table.link(COMMENTER))
        approve(table.session, table.letter, table.person(name), 1)
    withdraw_approval(table.session, table.letter, table.person("Ben"))
    remove(table.session, table.letter, table.ids["Cleo"])

    assert approvals_of(table.session, table.letter, 1) == []

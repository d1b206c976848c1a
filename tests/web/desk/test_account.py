"""Your own account: passphrase, app, sign-ins; and guessing passwords, which gets slower."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pyotp
import pytest

from petition.letters.organizers import passphrases
from petition.letters.organizers.passphrases import PassphraseChecker
from petition.web.shared.login_throttle import FREE_FOR_ALL, FREE_FOR_ONE
from tests.conftest import QUICK
from tests.patience import SECONDS
from tests.shared import ONCE, Shared
from tests.visitors import Page, Visitor
from tests.walks import PASSPHRASE

pytestmark = [ONCE, pytest.mark.thorough]
ANOTHER = "another long passphrase"
ELSEWHERE = "192.0.2.8"


def sign_in(visitor: Visitor, name: str, passphrase: str = PASSPHRASE, **typed: str) -> Page:
    return visitor.press(visitor.open("/organize/sign-in"), "Sign in", name=name, passphrase=passphrase, **typed)


def as_(shared: Shared, name: str, **typed: str) -> Visitor:
    shared.campaign.organizer(name)
    visitor = shared.visitor()
    assert sign_in(visitor, name, **typed).heading == "My letters"
    return visitor


def with_app(shared: Shared, visitor: Visitor) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an app; what it shows from now on, and the recovery codes."""
    page = visitor.press(visitor.open("/organize/account"), "Set up two-step sign-in", present=PASSPHRASE)
    found = re.search(r'<code class="break">([A-Z2-7-]+)</code>', page.text)
    assert found is not None
    app = pyotp.TOTP(found[1].replace("-", ""))
    confirmed = visitor.press(page, "Turn two-step sign-in on", password=app.at(shared.clock()))
    return app, re.findall(r"<code>([0-9A-Z-]{19})</code>", confirmed.text)


def test_an_app_is_asked_for_beside_the_passphrase_and_a_recovery_code_replaces_it(shared: Shared) -> None:
    app, codes = with_app(shared, as_(shared, "Olga"))
    shared.clock.pass_time(minutes=2)
    tries = [
        sign_in(shared.visitor(), "Olga", password=typed).status
        for typed in ("", app.at(shared.clock()), app.at(shared.clock()), codes[0], codes[0])
    ]

    assert len(codes) == 10
    assert tries == [403, 200, 403, 200, 403]


def test_the_picture_of_the_secret_can_be_read_by_a_phone(shared: Shared) -> None:
    visitor = as_(shared, "Pia")
    page = visitor.press(visitor.open("/organize/account"), "Set up two-step sign-in", present=PASSPHRASE)

    assert "<svg" in page.text
    assert not re.search(r"<svg[^>]*style=|<style|xlink", page.text)
    assert "Set up two-step sign-in" not in page.text
    assert visitor.open("/organize/account").text.count("<svg") == 1


def test_a_borrowed_browser_sets_nothing_up_without_the_passphrase(shared: Shared) -> None:
    visitor = as_(shared, "Quim")
    page = visitor.press(visitor.open("/organize/account"), "Set up two-step sign-in", present="not the passphrase")

    assert page.status == 403
    assert "<svg" not in visitor.open("/organize/account").text


def test_changing_the_passphrase_ends_every_other_sign_in(shared: Shared) -> None:
    here, there = as_(shared, "Rita"), as_(shared, "Rita")
    how = {"present": PASSPHRASE, "passphrase": ANOTHER, "again": ANOTHER}
    here.press(here.open("/organize/account"), "Change password", **how)

    assert here.open("/organize/").heading == "My letters"
    assert there.open("/organize/").heading == "Organizer sign-in"
    assert sign_in(shared.visitor(), "Rita").status == 403
    assert sign_in(shared.visitor(), "Rita", ANOTHER).heading == "My letters"


def test_changing_the_passphrase_says_which_is_the_new_one_and_what_will_happen(shared: Shared) -> None:
    page = as_(shared, "Rosa").open("/organize/account").text

    assert re.findall(r'<label for="(?:passphrase|again)">([^<]+)<', page) == ["New password", "New password again"]
    assert "This signs you out everywhere else." in page


def test_sign_ins_are_listed_and_each_can_be_ended(shared: Shared) -> None:
    here, there = as_(shared, "Sara"), as_(shared, "Sara")
    page = here.open("/organize/account")
    here.press(page, "Sign out there")

    assert page.text.count("Since <time") == 2
    assert here.open("/organize/").heading == "My letters"
    assert there.open("/organize/").heading == "Organizer sign-in"


def test_a_cookie_copied_before_signing_out_opens_nothing_after_it(shared: Shared) -> None:
    visitor = as_(shared, "Tom")
    copied = visitor.client.get_cookie("organizer", path="/organize", domain="letters.example.org")
    visitor.press(visitor.open("/organize/"), "Sign out, Tom")
    thief = shared.visitor()
    thief.client.set_cookie("organizer", copied.value, path="/organize", domain="letters.example.org")

    assert thief.open("/organize/").heading == "Organizer sign-in"


def test_guesses_make_the_guesser_wait_and_no_one_elsewhere(shared: Shared) -> None:
    shared.campaign.organizer("Uwe")
    guessing = shared.visitor()
    guessing.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    tries = [sign_in(guessing, "Uwe", "wrong wrong wrong").status for _ in range(FREE_FOR_ONE + 1)]
    own = shared.visitor()
    own.client.environ_base["REMOTE_ADDR"] = "198.51.100.3"

    assert tries == [403] * FREE_FOR_ONE + [429]
    assert sign_in(guessing, "Uwe").status == 429
    assert sign_in(own, "Uwe").heading == "My letters"


def test_guesses_count_for_a_name_however_it_is_typed(shared: Shared) -> None:
    shared.campaign.organizer("Yan Li")
    typed = cycle(["Yan Li", "YAN LI", "Ｙan Li", "Yan\u200b Li", " Yan  Li "])
    tries = [sign_in(elsewhere(shared), next(typed), "wrong wrong wrong").status for _ in range(FREE_FOR_ONE + 1)]

    assert tries == [403] * FREE_FOR_ONE + [429]


def test_a_remembered_browser_is_not_kept_out_by_guesses_from_the_same_address(shared: Shared) -> None:
    own = as_(shared, "Vera", remember="y")
    own.press(own.open("/organize/"), "Sign out, Vera")
    for _ in range(FREE_FOR_ONE + 1):
        sign_in(elsewhere(shared), "Vera", "wrong wrong wrong")
    own.client.environ_base["REMOTE_ADDR"] = ELSEWHERE

    assert sign_in(elsewhere(shared), "Vera").status == 429
    assert sign_in(own, "Vera").heading == "My letters"


def test_a_remembered_browser_counts_for_no_other_name_and_no_later_passphrase(shared: Shared) -> None:
    own = as_(shared, "Wim", remember="y")
    own.press(own.open("/organize/"), "Sign out, Wim")
    shared.campaign.organizer("Xenia")
    for _ in range(FREE_FOR_ONE + 1):
        sign_in(elsewhere(shared), "Xenia", "wrong wrong wrong")
    own.client.environ_base["REMOTE_ADDR"] = ELSEWHERE

    assert sign_in(own, "Xenia").status == 429


def elsewhere(shared: Shared) -> Visitor:
    """A visitor whose address is known."""
    visitor = shared.visitor()
    visitor.client.environ_base["REMOTE_ADDR"] = ELSEWHERE
    return visitor


def flood(shared: Shared, name: str, tries: int = 170) -> list[int]:
    """Wrong passphrases over an onion service, where everyone seems to come from this machine."""
    stranger = shared.visitor()
    page = stranger.open("/organize/sign-in")
    answers = [stranger.press(page, "Sign in", name=name, passphrase="wrong wrong wrong").status for _ in range(tries)]
    assert sign_in(shared.visitor(), name).status == 429
    return answers


def test_over_an_onion_service_a_flood_keeps_out_neither_other_names_nor_remembered_browsers(
    shared: Shared,
) -> None:
    own = as_(shared, "Zita", remember="y")
    own.press(own.open("/organize/"), "Sign out, Zita")
    shared.campaign.organizer("Abel")
    answers = flood(shared, "Zita")

    assert answers[:FREE_FOR_ALL] == [403] * FREE_FOR_ALL
    assert answers[FREE_FOR_ALL + 1 :].count(429) > 100
    assert sign_in(own, "Zita").heading == "My letters"
    assert sign_in(shared.visitor(), "Abel").heading == "My letters"


def test_over_an_onion_service_a_one_time_password_gets_in_during_a_flood(shared: Shared) -> None:
    app, codes = with_app(shared, as_(shared, "Bela"))
    shared.clock.pass_time(minutes=2)
    flood(shared, "Bela")

    assert sign_in(shared.visitor(), "Bela", password="000000").status == 429
    assert sign_in(shared.visitor(), "Bela", password=app.at(shared.clock())).heading == "My letters"
    assert sign_in(shared.visitor(), "Bela", password=codes[3]).heading == "My letters"
    assert sign_in(shared.visitor(), "Bela", password=codes[3]).status == 429


def test_a_flood_of_strangers_keeps_no_signed_in_organizer_from_names(shared: Shared) -> None:
    desk, place = shared.desk(), shared.a_published_letter(names=("named",))
    values = {"csrf_token": desk.csrf(f"{place.desk}names")}
    for _ in range(70):
        shared.post_form(f"{place.desk}names/unlock", passphrase=PASSPHRASE)

    assert desk.post(f"{place.desk}names/unlock", passphrase=PASSPHRASE, **values).status_code == 303


class Line(threading.Semaphore):
    """The line of strangers, in which each arrival can be waited for."""

    def __init__(self) -> None:
        super().__init__(PassphraseChecker.STRANGERS)
        self.entered = threading.Semaphore(0)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        got = super().acquire(blocking, timeout)
        if got:
            self.entered.release()
        return got


class SlowChecker(PassphraseChecker):
    """Checks wrong passphrases until the test ends it."""

    def __init__(self) -> None:
        self.line, self.ends = Line(), threading.Event()
        super().__init__(QUICK, self.line)

    def matches(self, stored: str | None, passphrase: str) -> bool:
        if passphrase != PASSPHRASE:
            self.ends.wait(SECONDS)
        return super().matches(stored, passphrase)


def test_only_two_strangers_wait_for_the_slow_check_and_everyone_else_has_room(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = as_(shared, "Cleo", remember="y")
    own.press(own.open("/organize/"), "Sign out, Cleo")
    slow = SlowChecker()
    monkeypatch.setattr(passphrases, "checker", slow)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(sign_in, shared.visitor(), f"Nobody {one}", "wrong wrong wrong") for one in range(2)]
        assert all(slow.line.entered.acquire(timeout=SECONDS) for _ in waiting)
        third = sign_in(shared.visitor(), "Nobody 3", "wrong wrong wrong")
        known = sign_in(own, "Cleo")
        slow.ends.set()

    assert (third.status, known.heading) == (429, "My letters")
    assert [one.result().status for one in waiting] == [403, 403]


def test_what_a_remembered_browser_keeps_names_no_one_and_can_be_deleted(shared: Shared) -> None:
    own = as_(shared, "Yara", remember="y")
    own.press(own.open("/organize/"), "Sign out, Yara")
    kept = own.client.get_cookie("organizer", path="/organize", domain="letters.example.org")
    with shared.app.app_context():
        held = shared.app.session_interface.get_signing_serializer(shared.app).loads(kept.value)
    sign_in(own, "Yara")
    own.press(own.open("/organize/account"), "Sign out and leave nothing in this browser")
    left = own.client.get_cookie("organizer", path="/organize", domain="letters.example.org")

    assert set(held) <= {"remembered", "csrf_token", "_permanent"}
    with shared.app.app_context():
        after = shared.app.session_interface.get_signing_serializer(shared.app).loads(left.value) if left else {}
    assert "remembered" not in after

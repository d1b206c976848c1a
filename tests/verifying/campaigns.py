"""Campaigns of every course, made up by Hypothesis, each step by the rules."""

from hypothesis import strategies as st

K = 3
KINDS = ["sign", "sign", "sign", "withdraw", "codes", "annul", "open", "issue", "seal", "close"]


@st.composite
def campaigns(draw):
    """Steps, each a kind and a number. A step that is not possible at its time is left out when it is carried out."""
    return draw(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=30))


class Campaign:
    """Carries out steps on a builder with the K of this module."""

    def __init__(self, log):
        self.log = log
        self.receipt = 0
        self.is_closed = False
        self.withdrawn = set()

    def left(self, number):
        """How many more may sign in a round."""
        state = self.log.rounds[number]
        most = (state["issued"] or 0) if state["ended"] else state["made"]
        return 0 if state["annulled"] else most - state["signed"]

    def sign(self, number, pick):
        count = min(K + pick, self.left(number))
        if count >= K:
            self.log.sign(*range(self.receipt, self.receipt + count), number=number)
            self.receipt += count

    def withdraw(self, number, pick):
        if candidates := sorted(self.log.commits.keys() - self.withdrawn):
            chosen = candidates[pick % len(candidates)]
            self.withdrawn.add(chosen)
            self.log.withdraw(chosen)

    def codes(self, number, pick):
        if not self.log.rounds[number]["ended"]:
            self.log.codes(number, self.log.rounds[number]["made"] + pick, voided=0)

    def annul(self, number, pick):
        if not self.log.rounds[number]["annulled"]:
            self.log.annul(number)

    def open(self, number, pick):
        if len(self.log.rounds) < 3:
            self.log.open(len(self.log.rounds) + 1, made=2 * pick)

    def issue(self, number, pick):
        state = self.log.rounds[number]
        tokens = min(state["signed"] + pick, state["made"])
        if not state["ended"]:
            self.log.issued(number, tokens if tokens >= K else None)

    def close(self, number, pick):
        signed = [number for number, state in self.log.rounds.items() if state["signed"] and self.left(number)]
        rest = [self.log.in_order(self.receipt + place, number=number) for place, number in enumerate(signed) if pick]
        self.log.batch(*rest)
        self.log.close()
        self.is_closed = True


def carry_out(log, steps):
    """Carry out a campaign's steps by the rules, and seal at its end."""
    log.begin(made=12)
    campaign = Campaign(log)
    for kind, pick in steps:
        number = sorted(log.rounds)[pick % len(log.rounds)]
        if kind == "seal":
            log.seal()
        elif kind == "withdraw" or not campaign.is_closed:
            getattr(campaign, kind)(number, pick)
    log.seal()

// The rules between entries: what each may do after those before it, and the totals that follow (protocol.md, 8).

import { shown } from "./verify-bytes.js";
import { AnonymityChecker, BY_ONE, HistoryChecker } from "./verify-updates.js";

const ROUNDED_TO = 5; // what "dropped" is a multiple of

/** Reads entries in order. What breaks a rule goes into the findings.
 * "cuts" are the sizes at which the log is known to have been published. */
export class Ledger {
  constructor(findings, rows, cuts) {
    this.findings = findings;
    this.history = new HistoryChecker(findings, rows);
    this.anonymity = new AnonymityChecker(findings);
    this.cuts = new Set(cuts);
    this.letter = null;
    this.rounds = new Map(); // by number
    this.keys = []; // the number and the key of every round entry, in the order of the log
    this.commits = new Map(); // for each commit the entry, the round, and whether it was withdrawn
    this.closed = null; // the number of the entry that closed the letter
    this.totals = { signatures: 0, withdrawals: 0, changes: 0 }; // without annulled rounds
  }

  get count() {
    return this.totals.signatures - this.totals.withdrawals;
  }

  get rolls() { // with their counts
    return (this.letter ? this.letter.rolls : []).map((roll) => ({ ...roll, count: this.countOf(roll.id) }));
  }

  countOf(roll) {
    const counted = [...this.rounds.values()].filter((round) => round.roll === roll && round.annulled === null);
    return counted.reduce((sum, round) => sum + round.signatures - round.withdrawals, 0);
  }

  /** Reads the next entry: what it says, or the flaw that it has by itself; and its leaf hash in hex. */
  read(number, { entry, flaw }, leaf) {
    if (flaw) this.wrong(flaw.check, number, flaw.predicate);
    if (!flaw && entry.type === "signature") this.sign(number, entry, leaf);
    else this.anonymity.interrupt();
    if (!flaw && entry.type !== "signature") this.follow(number, entry);
    if (!this.cuts.has(number + 1)) return;
    this.anonymity.cut(number + 1);
    this.history.reach(number + 1, this.totals);
  }

  follow(number, entry) {
    if (entry.type !== "withdrawal") this.requireOpen(number);
    if (entry.type === "letter") this.begin(number, entry);
    else if (entry.type === "round") this.openRound(number, entry);
    else if (entry.type === "withdrawal") this.withdraw(number, entry);
    else if (entry.type === "closed") this.close(number, entry);
    else this.tellOfRound(number, entry);
  }

  requireOpen(number) {
    if (this.closed === null) return;
    this.wrong("closed", number, `is no withdrawal, but the letter closed in entry ${this.closed}`);
  }

  begin(number, letter) {
    if (number !== 0) {
      this.wrong("letter", number, "is a letter, which only entry 0 may be");
      return;
    }
    this.letter = letter;
    this.anonymity.k = letter.k;
  }

  openRound(number, { round, roll, public_key: spki, key }) {
    const isKnown = this.letter && this.letter.rolls.some(({ id }) => id === roll);
    if (!isKnown) this.wrong("rounds", number, `names the roll ${shown(roll)}, which entry 0 does not have`);
    if (!key) this.wrong("rounds", number, `opens round ${round} with a key that cannot be used`);
    const isTwice = this.keys.some(([, other]) => other === spki);
    if (isTwice) this.wrong("rounds", number, `opens round ${round} with the key of another round`);
    this.keys.push([round, spki]);
    if (this.rounds.has(round)) this.wrong("rounds", number, `opens round ${round} a second time`);
    else this.rounds.set(round, newRound(round, roll));
  }

  tellOfRound(number, entry) {
    const round = this.rounds.get(entry.round);
    if (!round) {
      this.wrong("rounds", number, `names round ${entry.round}, which no earlier entry opens`);
      return;
    }
    if (entry.type === "codes") this.countCodes(number, round, entry);
    else if (entry.type === "issued") this.endIssuing(number, round, entry);
    else this.annul(number, round);
    this.requireLimits(number, round);
  }

  countCodes(number, round, { made, voided }) {
    const isLess = made < round.made || voided < round.voided;
    if (isLess) this.wrong("codes", number, `lowers the codes made or voided of round ${round.number}`);
    Object.assign(round, { made, voided });
  }

  endIssuing(number, round, { issued }) {
    if (round.hasEnded) {
      this.wrong("issued", number, `ends the issuing of round ${round.number} a second time`);
      return;
    }
    const k = this.letter ? this.letter.k : BY_ONE;
    const isShown = issued !== null && issued < k && k > BY_ONE;
    if (isShown) this.wrong("issued", number, `has ${issued} tokens issued, which is under K and must be null`);
    Object.assign(round, { hasEnded: true, issued });
  }

  annul(number, round) {
    if (round.annulled !== null) {
      this.wrong("annulled", number, `annuls round ${round.number} a second time`);
      return;
    }
    if (round.signatures) this.change(-round.signatures, -round.withdrawals);
    round.annulled = number;
  }

  sign(number, { round: name, commit }, leaf) {
    const round = this.rounds.get(name);
    this.anonymity.sign(number, name, leaf);
    if (this.commits.has(commit)) {
      this.wrong("commits", number, `has the same commit as entry ${this.commits.get(commit).number}`);
      return;
    }
    this.commits.set(commit, { number, round, isWithdrawn: false });
    round.signatures += 1;
    this.requireLimits(number, round);
    this.requireTimeToSign(number, round);
    if (round.annulled === null) this.change(1, 0);
  }

  requireTimeToSign(number, round) {
    this.requireOpen(number);
    const isLate = round.annulled !== null;
    if (isLate) this.wrong("annulled", number, `is a signature of round ${round.number}, annulled before`);
    const isEarly = this.letter && this.letter.timing === "apart" && !round.hasEnded;
    if (isEarly) this.wrong("issued", number, `is a signature of round ${round.number} before its issuing had ended`);
  }

  withdraw(number, { commit }) {
    const signed = this.commits.get(commit);
    if (!signed || signed.isWithdrawn) {
      const why = signed ? `withdraws entry ${signed.number} a second time` : "withdraws what no earlier signature has";
      this.wrong("withdrawals", number, why);
      return;
    }
    signed.isWithdrawn = true;
    signed.round.withdrawals += 1;
    if (signed.round.annulled === null) this.change(0, 1);
  }

  close(number, { signatures, withdrawals, dropped }) {
    const isRight = signatures === this.totals.signatures && withdrawals === this.totals.withdrawals;
    if (!isRight) this.wrong("closed", number, "closes the letter with other totals than the entries before it have");
    this.requirePossible(number, dropped);
    this.anonymity.close();
    this.closed = number;
  }

  requirePossible(number, dropped) { // says nothing about fewer than K signers, and no more than can have been left
    if (dropped === 0 || !this.letter) return;
    const { k } = this.letter;
    const empty = [...this.rounds.values()].filter((round) => round.annulled === null && !round.signatures).length;
    const isPossible = k > BY_ONE && dropped >= k && dropped % ROUNDED_TO === 0 && dropped <= (k - 1) * empty;
    if (!isPossible) this.wrong("closed", number, `has ${dropped} signatures dropped, which cannot be`);
  }

  requireLimits(number, round) {
    for (const [check, clause] of excesses(round)) {
      this.findings.wrong(check, `After entry ${number}, round ${round.number} has ${clause}.`);
    }
  }

  change(signatures, withdrawals) {
    this.totals.signatures += signatures;
    this.totals.withdrawals += withdrawals;
    this.totals.changes += 1;
  }

  wrong(check, number, predicate) {
    this.findings.wrong(check, `Entry ${number} ${predicate}.`);
  }
}

function newRound(number, roll) { // "issued" is null too if fewer than K tokens were issued
  const codes = { made: 0, voided: 0, hasEnded: false, issued: null };
  return { number, roll, ...codes, annulled: null, signatures: 0, withdrawals: 0 };
}

function excesses({ made, voided, hasEnded, issued, signatures }) { // for each limit that is exceeded, the check
  const limits = [
    ["codes", signatures > made, `${signatures} signatures, but ${made} codes made`],
    ["codes", voided > made, `${voided} codes voided, but ${made} made`],
    ["issued", hasEnded && issued === null && signatures > 0, "signatures, but too few tokens to have any"],
    ["issued", issued !== null && signatures > issued, `${signatures} signatures, but ${issued} tokens issued`],
    ["issued", issued !== null && issued > made, `${issued} tokens issued, but ${made} codes made`],
  ];
  return limits.filter(([, isExceeded]) => isExceeded).map(([check, , clause]) => [check, clause]);
}

// What the log's updates show: that K was kept at each, and that history.csv tells of them (protocol.md, 7 and 8).

export const BY_ONE = 1; // the K of a statement by one
const AFTER_ALL = "g"; // comes after every leaf hash in hex

/** Whether K was kept. Readers can tell signatures apart by their round, the update and the batch: a run of signatures
 * in the order of their leaf hashes, as one sealing writes it. */
export class AnonymityChecker {
  constructor(findings) {
    this.findings = findings;
    this.k = 0; // nothing is checked until it is known
    this.rounds = new Map(); // signatures by round, without those of the newest batch
    this.batch = new Map(); // those, by round
    this.last = AFTER_ALL;
  }

  sign(number, round, leaf) { // the leaf hash is in hex
    if (leaf <= this.last) {
      this.endBatch();
      this.first = number;
    }
    this.last = leaf;
    addTo(this.batch, round, 1);
  }

  interrupt() { // an entry of another type
    this.last = AFTER_ALL;
  }

  close() { // the batch before it is what was left, no matter how small
    for (const [round, signed] of this.batch) addTo(this.rounds, round, signed);
    this.batch.clear();
  }

  cut(size) { // the log was published at this size
    this.endBatch();
    this.interrupt();
    for (const [round, signed] of this.rounds) this.require(signed, `At ${size} entries, round ${round} has`);
    const total = [...this.rounds.values()].reduce((sum, signed) => sum + signed, 0);
    if (this.k === BY_ONE && total > 1) this.wrong(`K is 1: a statement by one. At ${size} entries, it has ${total}.`);
  }

  endBatch() {
    const batch = `The batch that begins with entry ${this.first} adds`;
    for (const [round, signed] of this.batch) this.require(signed, `For round ${round}: ${batch}`);
    this.close();
  }

  require(signed, clause) {
    if (signed < this.k) this.wrong(`${clause} ${signed} signatures, fewer than K, which is ${this.k}.`);
  }

  wrong(sentence) {
    this.findings.wrong("k", sentence);
  }
}

const addTo = (numbers, key, more) => numbers.set(key, (numbers.get(key) || 0) + more);

/** Compares the rows of history.csv with the log's totals while the log is read. */
export class HistoryChecker {
  constructor(findings, rows) {
    this.findings = findings;
    this.last = rows.at(-1) || { signatures: 0, withdrawals: 0, size: 0 };
    this.rows = new Map(rows.map((row) => [row.size, row]));
    this.changes = 0;
  }

  reach(size, totals) {
    const row = this.rows.get(size);
    if (!row) return;
    if (!isSame(row, totals)) this.wrong(`At ${size} entries it has ${inWords(row)}; the log has ${inWords(totals)}.`);
    else if (totals.changes === this.changes) this.wrong(`No number changed in its hour at ${size} entries.`);
    this.changes = totals.changes;
  }

  finish(size, totals) {
    const { last } = this;
    if (last.size > size) this.wrong(`It ends at ${last.size} entries, but the log has only ${size}.`);
    else if (!isSame(last, totals)) this.wrong(`It ends with ${inWords(last)}; the log has ${inWords(totals)}.`);
  }

  wrong(sentence) {
    this.findings.wrong("history", `history.csv is wrong. ${sentence}`);
  }
}

const isSame = (one, other) => one.signatures === other.signatures && one.withdrawals === other.withdrawals;
const inWords = ({ signatures, withdrawals }) => `${signatures} signatures and ${withdrawals} withdrawals`;

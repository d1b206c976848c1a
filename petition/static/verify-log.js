// Reads a log from its first entry to its last, bundle by bundle.

import { Invalid, fromBase64url, toHex } from "./verify-bytes.js";
import { WIDTH, entriesIn, readEntry } from "./verify-entries.js";
import { requireOpening, roundKey, validCommit } from "./verify-signatures.js";
import { fetchTile, leafHashes } from "./verify-tree.js";

const AHEAD = 4; // bundles that are fetched before their turn

/** One pass over the entries of a log of the given size. */
export class LogReader {
  constructor(source, size, tell) {
    this.source = source;
    this.size = size;
    this.tell = tell;
    this.letter = null;
    this.opened = new Map(); // for each round the number of the entry that opened it, and its key
  }

  /** Reads everything into the ledger and the tree; whether all of it could be read. */
  async run(findings, ledger, tree) {
    try {
      for await (const [first, entries] of this.bundles()) await this.read(first, entries, ledger, tree);
    } catch (no) {
      if (!(no instanceof Invalid)) throw no;
      findings.wrong("bundles", `${no.message}.`);
      return false;
    }
    await tree.finish();
    return true;
  }

  async* bundles() { // the number of the first entry of each, and its entries
    const waiting = [];
    for (let next = 0; next < this.size || waiting.length;) {
      for (; next < this.size && waiting.length < AHEAD; next += WIDTH) waiting.push(this.fetchBundle(next));
      yield await waiting.shift();
    }
  }

  fetchBundle(first) {
    const width = Math.min(WIDTH, this.size - first);
    const fetched = fetchTile(this.source, "entries", first / WIDTH, width);
    const split = fetched.then((bundle) => [first, entriesIn(bundle, width)]);
    split.catch(() => {}); // it is asked about in its turn
    return split;
  }

  async read(first, entries, ledger, tree) {
    const [leaves, facts] = await Promise.all([leafHashes(entries), this.examine(first, entries)]);
    facts.forEach((fact, i) => ledger.read(first + i, fact, toHex(leaves[i])));
    await tree.grow(leaves);
    this.tell(tree.size, this.size);
  }

  async examine(first, entries) { // what each entry says, or its flaw, as far as that takes no other signatures
    const facts = entries.map(factOf);
    for (const [i, { entry }] of facts.entries()) {
      if (entry?.type === "round") await this.openRound(first + i, entry);
    }
    if (first === 0 && facts[0].entry?.type === "letter") this.letter = facts[0].entry;
    return Promise.all(facts.map((fact, i) => this.examined(first + i, fact)));
  }

  async openRound(number, entry) {
    entry.key = await roundKey(fromBase64url(entry.public_key));
    if (!this.opened.has(entry.round)) this.opened.set(entry.round, { number, key: entry.key });
  }

  async examined(number, fact) {
    if (fact.entry?.type === "signature") return this.signed(number, fact.entry);
    if (fact.entry?.type === "withdrawal") return requireOpening(fact.entry).then(() => fact, flawed("withdrawals"));
    return fact;
  }

  signed(number, entry) {
    const opened = this.opened.get(entry.round);
    const isOpen = opened && opened.number < number;
    const { type, round } = entry;
    const valid = validCommit(entry, this.letter, isOpen ? opened : null);
    return valid.then((commit) => ({ entry: { type, round, commit } }), flawed("signatures"));
  }
}

function factOf(bytes) {
  try {
    return { entry: readEntry(bytes) };
  } catch (no) {
    return flawed("entries")(no);
  }
}

function flawed(check) { // an entry that breaks a rule by itself
  return (no) => {
    if (!(no instanceof Invalid)) throw no;
    return { flaw: { check, predicate: no.message } };
  };
}

// The whole verification of a published letter, from its public files alone: every rule of protocol.md, 8, that
// "petition verify" applies, but for what a person must bring (older checkpoints, receipts, keys of witnesses).

import { compareCounts, compareCountsCsv, compareHistory, compareIssuer, compareKey } from "./verify-beside.js";
import { compareLetter, comparePages } from "./verify-beside.js";
import { Findings, Invalid, isEqual, toHex } from "./verify-bytes.js";
import { NothingChecked, fetchFiles, requireKnownVersion } from "./verify-files.js";
import { Ledger } from "./verify-ledger.js";
import { LogReader } from "./verify-log.js";
import { readCheckpoint, readVkey } from "./verify-note.js";
import { Missing, Unreachable } from "./verify-source.js";
import { readHistory } from "./verify-tables.js";
import { Tree } from "./verify-tree.js";

const OF_ENTRIES = [ // made while the entries are read
  "version", "bundles", "tiles", "entries", "rounds", "signatures", "commits", "codes", "issued", "annulled",
  "withdrawals", "closed",
];
const CHECKS = ["vkey", "checkpoint", "root", "letter", "issuer", ...OF_ENTRIES, "k", "counts", "history", "pages"];

/** Verifies the letter whose files "source" reads. "tell" is called now and then with how many entries are done, and
 * how many there are.
 *
 * In the verdict "failed" lists the checks that failed, by the names that "petition verify" has for them; isChecked is
 * false for one that could not be made. Rely on the numbers only if there are none. isSigned is null where the browser
 * cannot check the log's own signature. Throws NothingChecked if the files cannot be fetched, also if the connection
 * breaks on the way, or if the log has a version that is not known here. */
export async function verify(source, tell = () => {}) {
  try {
    const files = await fetchFiles(source);
    await requireKnownVersion(source, files["log/checkpoint"]);
    return await verifyFiles(source, files, tell);
  } catch (no) {
    throw no instanceof Unreachable ? new NothingChecked("files") : no;
  }
}

async function verifyFiles(source, files, tell) {
  const findings = new Findings(CHECKS);
  const { key, newest, rows } = await readFiles(findings, files);
  const cuts = [newest?.size, ...(rows || []).map((row) => row.size)];
  const ledger = new Ledger(findings, rows || [], cuts);
  const tree = new Tree(findings, source);
  const isWhole = newest !== null && await new LogReader(source, newest.size, tell).run(findings, ledger, tree);
  const root = await tree.root();
  await compareFiles(findings, files, key, ledger, { size: tree.size, root: toHex(root) }, isWhole);
  if (isWhole) {
    findings.judge("root", isEqual(root, newest.root), "The entries do not have the root in the checkpoint.");
    compareHistory(findings, files["history.csv"], rows, ledger, tree.size);
    comparePages(findings, files, ledger, rows || []);
    finish(findings, ledger);
  }
  return verdict(findings, ledger, tree.size, newest);
}

async function readFiles(findings, files) {
  const key = await orWrong(findings, "vkey", () => readVkey(given(files["log/vkey"])));
  const newest = await orWrong(findings, "checkpoint", () => readNewest(files["log/checkpoint"], key));
  const rows = await orWrong(findings, "history", () => readRows(files["history.csv"]));
  if (!rows) findings.wrong("k", "When the log was updated is unknown, because history.csv cannot be read.");
  return { key, newest, rows };
}

async function orWrong(findings, check, read) { // what is read; null, and a finding, if it cannot be
  try {
    return await read();
  } catch (no) {
    if (!(no instanceof Invalid)) throw no;
    findings.wrong(check, `${no.message}.`);
    return null;
  }
}

async function readNewest(file, key) {
  if (!key) throw new Invalid("The checkpoint cannot be checked without the key in log/vkey");
  return readCheckpoint(given(file), key);
}

const readRows = (file) => (file instanceof Missing ? [] : readHistory(given(file)));

function given(file) {
  if (file instanceof Error) throw file;
  return file;
}

async function compareFiles(findings, files, key, ledger, log, isWhole) {
  compareKey(findings, key, ledger);
  await compareLetter(findings, files["letter.md"], ledger, isWhole);
  await compareIssuer(findings, files["log/issuer.pem"], ledger, isWhole);
  await compareCounts(findings, files["counts.json"], ledger, log, isWhole);
  await compareCountsCsv(findings, files["counts.csv"], ledger, isWhole);
}

function finish(findings, ledger) { // these were made to their end
  [...OF_ENTRIES, "checkpoint"].forEach((check) => findings.fine(check));
  if (ledger.letter) findings.fine("k");
}

function verdict(findings, ledger, size, newest) {
  const { count, totals: { signatures, withdrawals } } = ledger;
  const codes = [...ledger.rounds.values()].reduce((sum, round) => sum + round.made, 0);
  const failed = findings.failed("Not checked, because not all of the record could be read.");
  return { failed, count, signatures, withdrawals, codes, size, isSigned: newest && newest.isSigned };
}

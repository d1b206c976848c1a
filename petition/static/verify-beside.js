// Compares what lies beside the log with what the log says (protocol.md, 8).

import { Invalid, canonical, isEqual, of, parseObject, shown, utf8 } from "./verify-bytes.js";
import { fromBase64url, sha256, toBase64, toHex } from "./verify-bytes.js";
import { PAGES, otherUpdates, showsCount } from "./verify-pages.js";
import { Missing } from "./verify-source.js";
import { isOfLog } from "./verify-tables.js";

/** log/vkey must hold the key that entry 0 names. */
export function compareKey(findings, key, { letter }) {
  if (!key || !letter) return;
  const isSame = toHex(key.key) === toHex(fromBase64url(letter.log_key));
  findings.judge("vkey", isSame, "log/vkey does not hold the log_key of entry 0.");
}

/** letter.md must have the text hash of entry 0. */
export async function compareLetter(findings, file, { letter }, isWhole) {
  if (!letter && isWhole) findings.wrong("letter", "Entry 0 is not the letter.");
  await judged(findings, "letter", file, async (bytes) => {
    if (letter && toHex(await sha256(bytes)) !== letter.text_sha256) throw new Invalid("letter.md is another text");
    return letter && isWhole;
  });
}

/** log/issuer.pem must be the keys of all rounds in the order of the log (RFC 7468, LF line ends). */
export function compareIssuer(findings, file, { keys }, isWhole) {
  return judged(findings, "issuer", file, async (bytes) => {
    const pem = keys.map(([, spki]) => toPem(toBase64(fromBase64url(spki)))).join("");
    if (isWhole && !isEqual(bytes, utf8(pem))) throw new Invalid("log/issuer.pem has other keys than the rounds");
    return isWhole;
  });
}

function toPem(base64) {
  return `-----BEGIN PUBLIC KEY-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END PUBLIC KEY-----\n`;
}

/** counts.json may leave out numbers. Those that it has must be the log's. */
export function compareCounts(findings, file, ledger, log, isWhole) {
  return judged(findings, "counts", file, async (bytes) => {
    const counts = of("counts.json", () => parseObject(bytes));
    if (isWhole) differences(counts, ledger, log).forEach((sentence) => findings.wrong("counts", sentence));
    return isWhole;
  });
}

function differences(counts, ledger, log) {
  const expected = Object.entries(expectedCounts(ledger, log));
  const wrong = expected.filter(([path, value]) => isOther(memberOf(counts, path), value));
  const sentences = wrong.map(([path, value]) => `counts.json has another ${path} than the log: ${shown(value)}.`);
  return hasRolls(counts.rolls, ledger) ? sentences : [...sentences, "counts.json has other rolls than the log."];
}

function hasRolls(found, { rolls }) { // in any order, or none at all
  if (found === undefined) return true;
  const said = Array.isArray(found) ? found.map((one) => canonical([one?.id, one?.roll, one?.count])) : [""];
  const logged = rolls.map((roll) => canonical([roll.id, roll.name, roll.count])).sort();
  return said.length === logged.length && said.sort().every((one, i) => one === logged[i]);
}

function expectedCounts({ letter, rounds, totals, count }, { size, root }) {
  const states = [...rounds.values()];
  const sum = (name) => states.reduce((all, state) => all + (state[name] || 0), 0);
  const haveEnded = states.length > 0 && states.every((state) => state.hasEnded);
  return {
    count,
    signatures: totals.signatures,
    withdrawals: totals.withdrawals,
    ...(letter && { "letter.title": letter.title, "letter.text_sha256": letter.text_sha256 }),
    "verification.codes_made": sum("made"),
    "verification.issued": haveEnded ? sum("issued") : null,
    "verification.log.size": size,
    "verification.log.root": root,
  };
}

function memberOf(counts, path) { // undefined if it is left out; a parent that is no object has no right member
  return path.split(".").reduce((value, name) => {
    if (value === undefined) return undefined;
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value[name] : NaN;
  }, counts);
}

const isOther = (found, expected) => found !== undefined && found !== expected;

/** counts.csv, where it exists, must have the log's total and rolls. */
export function compareCountsCsv(findings, file, ledger, isWhole) {
  if (file instanceof Missing) return undefined;
  return judged(findings, "counts", file, async (bytes) => {
    const isRight = isOfLog(bytes, ledger);
    if (isWhole && !isRight) throw new Invalid("counts.csv does not have the log's total and rolls");
    return isWhole;
  });
}

/** history.csv must exist once a number has changed, and end with the totals of the whole log. */
export function compareHistory(findings, file, rows, ledger, size) {
  if (!rows) return;
  if (file instanceof Missing && ledger.totals.changes) findings.wrong("history", `${file.message}.`);
  else ledger.history.finish(size, ledger.totals);
  findings.fine("history");
}

/** The page and its pictures, where they exist, must show the log's count and updates. */
export function comparePages(findings, files, { letter, count }, rows) {
  const isByOne = letter && letter.k === 1;
  const decoder = new TextDecoder();
  for (const path of isByOne ? [] : PAGES) {
    const text = files[path] instanceof Error ? "" : decoder.decode(files[path]);
    if (showsCount(path, text, count) === false) findings.wrong("pages", `${path} does not show the count ${count}.`);
    const others = path === PAGES[0] ? otherUpdates(text, rows) : [];
    for (const hour of others) findings.wrong("pages", `${path} shows another count at ${hour} than history.csv.`);
  }
  findings.fine("pages");
}

async function judged(findings, check, file, judge) { // a file may be the reason why there is none
  try {
    if (file instanceof Error) throw file;
    if (await judge(file)) findings.fine(check);
  } catch (no) {
    if (!(no instanceof Invalid)) throw no;
    findings.wrong(check, `${no.message}.`);
  }
}

// Receipts, with scripts on: reads the whole public log on this device and looks for a signature in it, so that the
// site does not learn whose; and removes one. Uses the functions of sign.js. (protocol 8; C2SP tlog-tiles, RFC 9162)
//
// What the page has to bring, beyond sign.js: a form with the id "find" and the fields
//   receipt         the receipt as it was written down
//   receipt_file    type=file: its file, which shows more
// and the buttons (data-act)
//   check           looks. Sends nothing but requests for the public log.
//   remove          reads the receipt and sends nothing; then shows what has data-when="confirm".
//   confirm         removes the signature for good.
// [data-when="ask"] is shown where the log has no answer: the form can ask the site instead.
//
// Further sentences in #say: reading · words (no receipt) · typo (one as long as a receipt) · unpublished · oldlog (a
// log of another version; nothing was checked) · missing · missingclosed {rounds} (the letter is closed and these
// rounds have no signature: they stayed under the minimum, or the site hides them) · leftout (closed, and the others of
// the round are there) · canceled {round} {reason} (what waited in it was deleted) · whichset (the file says
// whether that was one's own) · leftoutset (left out, if it was not) · broken · twice · otherrecord (the record in the
// log is not the one that the file was made under) · othertext · otherbytes · forged · notyours · found {entry} {size}
// · foundwords {entry} {size} · unsigned · annulled {reason} · takenback {entry} · removed · removedsealed
"use strict";

// --- The receipt: a file, or written down

async function ownReceipt() {
  const own = await readFile("receipt_file");
  if (own) return own;
  const text = field("receipt").value;
  return text.trim().startsWith("{") ? readSaved(text) : { receipt: toText(fromWords(text)) };
}

function fromWords(text) {
  let digits = asMeant(text);
  const values = () => Array.from(digits.slice(0, 26), (digit) => BigInt(DIGITS.indexOf(digit)));
  const number = () => values().reduce((sum, value) => sum * 32n + value, 0n);
  const isWritten = digits.length >= 26 && Array.from(digits.slice(0, 26)).every(isDigit);
  if (isWritten && digits.length === 26 && DIGITS[number() % 37n] === "=") digits += "="; // what copying often loses
  if (digits.length !== 27) stop("words");
  if (!isWritten || number() >> 128n || DIGITS[number() % 37n] !== digits[26]) stop("typo");
  return fromNumber(number(), 16);
}

// --- The log

async function fetchLog() {
  const checkpoint = await fetchCheckpoint();
  if (!checkpoint) {
    reveal("ask");
    stop("unpublished");
  }
  const texts = [];
  const hashes = [];
  for (const [number, count] of partsOf(checkpoint.size)) {
    const entries = entriesIn(await fetchPart("entries", number, count), count);
    hashes.push(...await Promise.all(entries.map((entry) => sha256([0], entry))));
    texts.push(...entries.map((entry) => new TextDecoder().decode(entry)));
  }
  const entries = texts.map((text) => parse(utf8(text)) || stop("broken"));
  if (entries[0].version !== 2) stop("oldlog");
  const isOne = toPlainText(await rootOf(hashes)) === checkpoint.root && entries[0].type === "letter";
  const isProved = isOne && await isSigned(checkpoint, entries[0].log_key);
  if (isProved === false) stop("broken");
  return { texts, entries, isProved };
}

// --- The check: what is in the log must be what this person has in hand

async function look({ texts, entries, isProved }, own) {
  const { w, a, commit } = await openings(fromText(own.receipt));
  const statements = entries.map((entry) => (entry.type === "signature" ? saidIn(entry) : ""));
  const places = [...statements.keys()].filter((place) => statements[place].endsWith(`\n${commit}\n`));
  if (own.pin) await requireOwnLog(entries, own);
  if (places.length > 1) stop("twice");
  if (!places.length) throw whyMissing(entries, own);
  const [place] = places;
  await requireRightful(entries, entries[place], commit);
  if (own.signature && texts[place] !== entryText(own)) stop("otherbytes");
  const found = [fill(own.signature ? "found" : "foundwords", { entry: place, size: texts.length })];
  if (!isProved) found.push(sentence("unsigned"));
  const annulled = entries.find(({ type, round }) => type === "annulled" && round === entries[place].round);
  if (annulled) found.push(fill("annulled", { reason: plain(annulled.reason) }));
  const back = entries.findIndex((entry) => entry.type === "withdrawal" && entry.commit === commit);
  if (back < 0) return found.join(" ");
  const opened = [toText(w), toHex(await sha256(a))];
  if (`${[entries[back].w, entries[back].a_hash]}` !== `${opened}`) stop("notyours");
  return [...found, fill("takenback", { entry: back })].join(" ");
}

const saidIn = (entry) => new TextDecoder().decode(fromText(entry.message).slice(32));

function whyMissing(entries, own) { // the sentence about a signature that is not there
  const signed = entries.filter(({ type }) => type === "signature").map(({ round }) => round);
  const { told, living } = canceledSets(entries, own);
  if (told.length && !living.length) return told.join(" ");
  if (told.length) told.push(sentence("whichset"));
  if (!entries.some(({ type }) => type === "closed")) {
    reveal("ask");
    return [...told, sentence("missing")].join(" ");
  }
  const empty = living.filter((round) => !signed.includes(round));
  const leftOut = sentence(told.length ? "leftoutset" : "leftout");
  return [...told, empty.length ? fill("missingclosed", { rounds: empty.join(", ") }) : leftOut].join(" ");
}

function canceledSets(entries, own) { // that the receipt may be of, in sentences; and the others that it may be of
  const possible = own.round ? [own.round] : entries.filter(({ type }) => type === "round").map(({ round }) => round);
  const canceled = entries.filter(({ type, round }) => type === "annulled" && possible.includes(round));
  const told = canceled.map(({ round, reason }) => fill("canceled", { round, reason: plain(reason) }));
  return { told, living: possible.filter((number) => !canceled.some(({ round }) => round === number)) };
}

async function whyUnknown(own, no) { // in which set an unknown receipt was, the site cannot tell; the log may
  const log = no.status === 404 ? await fetchLog().catch(() => null) : null;
  const { told, living } = log ? canceledSets(log.entries, own) : { told: [] };
  throw told.length && !living.length ? told.join(" ") : no;
}

function entryText({ message, round, signature }) { // canonical (RFC 8785)
  return canonical({ message, round, signature, type: "signature" });
}

function openedIn(entries, number) { // the record of a round that everybody sees
  const rounds = entries.filter(({ type, round }) => type === "round" && round === number);
  return rounds.length === 1 ? rounds[0] : stop("otherrecord");
}

async function requireOwnLog(entries, own) {
  const [letter] = entries;
  if (own.letter_id !== letter.letter_id) stop("file");
  if (saidIn(own).split("\n")[3] !== letter.text_sha256) stop("othertext");
  if (toText(await pinInLog(letter, openedIn(entries, own.round))) !== own.pin) stop("otherrecord");
}

async function requireRightful(entries, entry, commit) {
  const spki = fromText(openedIn(entries, entry.round).public_key);
  const isOfLetter = saidIn(entry) === new TextDecoder().decode(statement(entries[0], entry.round, commit));
  modulus(spki);
  if (!isOfLetter || !await isSignature(spki, fromText(entry.message), fromText(entry.signature))) stop("forged");
}

// --- The buttons

Object.assign(acts, {
  async check() {
    const own = await ownReceipt();
    tell("reading");
    base = "";
    return look(await fetchLog(), own);
  },
  async remove() {
    await ownReceipt();
    reveal("confirm");
  },
  async confirm() { // a file goes to the letter that it names, a receipt in words to the address given
    const own = await ownReceipt();
    base = "";
    if (own.pin) await checkRecord(own);
    const { w, a } = await openings(fromText(own.receipt));
    const both = { w: toText(w), a: toText(a) };
    const { was_sealed } = await askJson("withdrawals", both).catch((no) => whyUnknown(own, no));
    for (const part of form().children) part.hidden = part.id !== "told"; // there is no more to ask
    return sentence(was_sealed ? "removedsealed" : "removed");
  },
});

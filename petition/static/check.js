// Receipts, with scripts on: reads the whole public log on this device and looks for a signature in it, so that
// the site does not learn whose; and takes one back. Uses the functions of sign.js. (C2SP tlog-tiles, RFC 9162)
"use strict";

const BUNDLE = 256; // entries in one file of the log

const fill = (name, values) => say(name).replace(/\{(\w+)\}/g, (_, key) => values[key]);

// --- The receipt: a file, or written down

async function ownReceipt() {
  const text = await chosen() || byId("receipt").value;
  return text.trim().startsWith("{") ? fromFile(text) : { receipt: fromWords(text) };
}

async function fromFile(text) {
  const own = read(text);
  const { commit } = await openings(own.receipt);
  if (!own.signature || !own.message.endsWith(`\n${commit}\n`)) stop("file");
  return own;
}

function fromWords(text) {
  const meant = text.replace(/[\s\p{Pd}]/gu, "").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1");
  const values = Array.from(meant, (digit) => DIGITS.indexOf(digit));
  const check = values.pop();
  const number = values.reduce((sum, value) => sum * 32n + BigInt(value), 0n);
  const isSound = values.length === 26 && values.every((value) => value >= 0 && value < 32);
  if (!isSound || number >> 128n || Number(number % 37n) !== check) stop("words");
  return fromNumber(number, 1n << 127n);
}

// --- The log. It has many bytes, so here they are in arrays.

async function get(path) {
  const answer = await fetch("log/" + path, { credentials: "omit", cache: "no-cache" });
  if (answer.status === 404) return null;
  if (!answer.ok) stop("failed");
  return new Uint8Array(await answer.arrayBuffer());
}

async function sha256(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

async function rootOf(hashes) { // pairs, then pairs of pairs; one that is left over goes up as it is
  while (hashes.length > 1) {
    const pairs = hashes.filter((_, i) => i % 2 === 0).map((left, i) => [left, hashes[2 * i + 1]]);
    hashes = await Promise.all(pairs.map(([left, right]) => (right ? sha256([1], left, right) : left)));
  }
  return hashes[0];
}

function tilePath(number) { // 1234067 is x001/x234/067
  const digits = String(number);
  return digits.padStart(Math.ceil(digits.length / 3) * 3, "0").replace(/...(?=.)/g, "x$&/");
}

function* entriesIn(bundle) { // each after its length in two bytes
  for (let at = 0; at < bundle.length; ) {
    const start = at + 2;
    at = start + bundle[at] * 256 + bundle[at + 1];
    if (!(at <= bundle.length)) stop("broken");
    yield bundle.subarray(start, at);
  }
}

async function fetchBundle(number, count) { // the last one may have filled up since; then its beginning is meant
  const path = "tile/entries/" + tilePath(number);
  const part = count < BUNDLE ? await get(`${path}.p/${count}`) : null;
  const entries = [...entriesIn(part || await get(path) || stop("broken"))];
  return entries.length < count ? stop("broken") : entries.slice(0, count);
}

async function fetchLog() {
  const note = await get("checkpoint");
  if (!note) {
    byId("ask").hidden = false;
    stop("unpublished");
  }
  const decode = (bytes) => new TextDecoder().decode(bytes);
  const checkpoint = decode(note);
  const [, size, root] = checkpoint.split("\n");
  const texts = [];
  const hashes = [];
  for (let number = 0; texts.length < size; number++) {
    const bundle = await fetchBundle(number, Math.min(BUNDLE, size - texts.length));
    hashes.push(...await Promise.all(bundle.map((entry) => sha256([0], entry))));
    texts.push(...bundle.map(decode));
  }
  if (!texts.length || btoa(fromArray(await rootOf(hashes))) !== root) stop("broken");
  const entries = texts.map((text) => JSON.parse(text));
  if (entries[0].type !== "letter") stop("broken");
  return { texts, entries, isSigned: await isSigned(checkpoint, entries[0].log_key) };
}

// Whether the log's own key signed the checkpoint (Ed25519); false where the browser cannot tell.
async function isSigned(checkpoint, logKey) {
  const end = checkpoint.indexOf("\n\n") + 1;
  const [origin] = checkpoint.split("\n");
  const lines = checkpoint.slice(end).split("\n").filter((line) => line.startsWith(`— ${origin} `));
  const signatures = lines.map((line) => toArray(atob(line.split(" ")[2]).slice(4))); // after four bytes: the key's id
  const raw = toArray(fromText(logKey));
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]).catch(() => null);
  if (!key) return false;
  const signed = new TextEncoder().encode(checkpoint.slice(0, end));
  const found = await Promise.all(signatures.map((one) => crypto.subtle.verify("Ed25519", key, one, signed)));
  return found.includes(true) || stop("broken");
}

// --- The check (protocol 8): what stands in the log must be what this person has in hand

async function look({ texts, entries, isSigned }, own) {
  const { w, a, commit } = await openings(own.receipt);
  const statements = entries.map((entry) => (entry.type === "signature" ? fromText(entry.message).slice(32) : ""));
  const places = [...statements.keys()].filter((place) => statements[place].endsWith(`\n${commit}\n`));
  if (own.signature) await demandOwnKey(entries, own, commit);
  if (places.length > 1) stop("twice");
  if (!places.length) {
    byId("ask").hidden = false;
    stop("missing");
  }
  const [place] = places;
  await demandRightful(entries, entries[place], statements[place], commit);
  if (own.signature && texts[place] !== entryText(own)) stop("otherbytes");
  const found = [fill(own.signature ? "found" : "foundwords", { entry: place, size: texts.length })];
  if (!isSigned) found.push(say("unsigned"));
  const { reason } = entries.find(({ type, round }) => type === "annulled" && round === entries[place].round) || {};
  if (reason !== undefined) found.push(fill("annulled", { reason }));
  const back = entries.findIndex((entry) => entry.type === "withdrawal" && entry.commit === commit);
  if (back < 0) return found.join(" ");
  const opened = [toText(w), toHex(await hash(a))];
  if (`${[entries[back].w, entries[back].a_hash]}` !== `${opened}`) stop("notyours");
  return [...found, fill("takenback", { entry: back })].join(" ");
}

function entryText({ message, round, signature }) { // canonical (RFC 8785): sorted, without spaces
  return JSON.stringify({ message: toText(message), round, signature: toText(signature), type: "signature" });
}

function keyOf(entries, number) {
  const rounds = entries.filter(({ type, round }) => type === "round" && round === number);
  return rounds.length === 1 ? fromText(rounds[0].public_key) : stop("otherkey");
}

function statementIn([letter], number, commit) {
  return `petition-signature-v1\n${letter.letter_id}\n${number}\n${letter.text_sha256}\n${commit}\n`;
}

async function demandOwnKey(entries, own, commit) {
  if (own.letter_id !== entries[0].letter_id) stop("file");
  if (own.message.slice(32) !== statementIn(entries, own.round, commit)) stop("othertext");
  if (toHex(await hash(keyOf(entries, own.round))) !== own.fingerprint) stop("otherkey");
}

async function demandRightful(entries, entry, statement, commit) {
  const [message, signature, spki] = [fromText(entry.message), fromText(entry.signature), keyOf(entries, entry.round)];
  const key = await crypto.subtle.importKey("spki", toArray(spki), PSS, false, ["verify"]).catch(() => stop("forged"));
  const isValid = await crypto.subtle.verify(PSS, key, toArray(signature), toArray(message));
  if (!isValid || statement !== statementIn(entries, entry.round, commit)) stop("forged");
}

// --- The buttons

Object.assign(acts, {
  async check() {
    byId("told").textContent = say("reading");
    return look(await fetchLog(), await ownReceipt());
  },
  async withdraw() {
    const { receipt } = await ownReceipt();
    const { w, a } = await openings(receipt);
    const { was_sealed } = await ask("withdrawals", { w, a });
    return say(was_sealed ? "withdrawnsealed" : "withdrawn");
  },
});

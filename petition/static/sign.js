// Signing in one tap. This browser hides the signature from the site, uncovers it and gives it (RFC 9474).
// Nothing is stored: secrets are in this page's memory, or in files that the signer saves.
//
// What the page has to bring
//
// Context. One script serves three pages: signing with a code, signing with a saved file, and (with check.js) checking
// and removing a signature. The pages hold every sentence, so that they can be translated; the script holds every step.
// The two meet only in the ids, names and data attributes below. What a page leaves out, the script does without.
//
// Where it works. At any address of the letter; what is sent goes to /s/… whatever the page's address is. Without
// scripts the form posts to the site as it is. With them <html> gets the class "scripted". A page that has no such form
// is left alone, but for the code in its link, which goes into the element with the id "code".
//
// The form has the id "sign" (on the page for receipts "find": see check.js). Its fields, by name:
//   code          the code. On the page for a saved file there is none.
//   token_file    type=file: a file saved by “sign later”; signs without a code. token: the same, pasted as text.
//   backup_file   type=file: a backup file of an attempt that broke off; signs with the same code once more.
//   pin           the check number from the sheet, typed. Where the link has one too, both must be right.
//   roll          radio buttons or a select with the ids of rolls, where the letter has several.
//   appear        radio buttons: counted, grouped, named, named_at:N. Without any, the signature is counted.
//   group-FIELD   a select for each field; its options have the ids of options, and "" for none.
//   name, title   for named and named_at.
//
// Buttons and links are told apart by data-act:
//   sign          checks the record, hides, sends the code, uncovers, verifies, signs; then shows #signed.
//   later         the same up to the verified signature, which is not sent; then shows #later.
//   backup        checks the record and hides. Sends nothing; then shows what has data-when="backup".
//   copy, picture, print      in #signed: the receipt to the clipboard, as a picture in canvas#picture, on paper.
//   clear         a link: forgets everything and goes to its href, in place of this page in the history.
//   check, remove, confirm    on the page for receipts: see check.js.
//
// <a download="NAME.json"> saves what is at hand: the backup file before the code is sent, then the token file, then
// the receipt file. The page chooses the name.
//
// <template id="signed"> and <template id="later"> hold what replaces the contents of #main. In them, and on the first
// screen, [data-fill="words"] gets the receipt as 27 characters in groups, [data-fill="pin"] the check number of the
// record, for comparing it with a colleague's.
//
// [data-when] is hidden in the source, and shown when one of its words is true:
//   no-pin        the link named no check number (at once), so nothing outside the site vouches for the record:
//                 explain how to get one; a good place for the field "pin".
//   backup        a backup file is ready.
//   unpinned      signed without a check number, before publication: nobody could compare the record.
//   unpinned-log  the same once the letter is public: it matches the public record that this site shows.
//
// #told (role=status) gets one sentence: how far it is, or what went wrong; its data-kind is "progress", "stopped" or
// "done". #code-told, if there is one, gets a sentence about the code as it is typed. Both come from data attributes of
// <div id="say" hidden>:
//   progress      checking · hiding · sending · signing
//   code          codeok · codelength {given} · codecharacter {character}
//   stopped, nothing sent     record (damaged, or not of the kind it must be) · pin (not the record that the link or
//                 the file names) · badpin (what was typed is no whole check number) · text (letter.md is not the text
//                 that the record names) · log (not what the public record says) · moved (not an address of this
//                 letter) · version (a kind of record that is too new) · roll (choose one) · early (signatures are not
//                 taken yet: sign later) · ended (codes are not taken any more) · offer (not a choice of this letter)
//                 · file (not a file for this step) · nameless · unshown (a name that no list could show)
//                 · accents · titleaccents (too many on one letter of the name, of the title)
//   after sending invalid (the answer is no signature) · lost (no answer: press again; nothing is lost)
//   before the page is cleared     unsaved (nothing was saved, copied or shown yet: press again)
//   other         error (stands before the page's title when something is wrong) · backup (ready to be saved, nothing
//                 is sent yet) · copied · failed (anything else) · unable (too old a browser, or no https: the form
//                 works without the script)
// A refusal of the site is shown in the site's own words.
//
// With appearance.js, #seen shows what the public will see of the choices made; that script explains its sentences.
//
// While it works <html> has the attribute data-busy. From the moment at which the code is sent until a token or receipt
// was saved, copied, shown as a picture or printed, leaving the page asks first (beforeunload). A button that is
// pressed again after a lost line sends the same bytes again.
"use strict";

let link = {}; // what stood behind the # of the link: pin, round
let record; // round.json, checked
let others = []; // checked too: without a check number, the other rounds that the code may be of
const begun = {}; // what was hidden for each of them, by its pin
let kept; // the file that can be saved now: a backup, token or receipt file
let isPublic = false; // whether the record was compared with the public log
let unsaved = false; // whether something would be lost with this page
let isWarned = false; // whether that was said when the page was to be cleared

const byId = (id) => document.getElementById(id);
const form = () => document.forms.sign || document.forms.find;
const field = (name) => form() && form().elements[name];

function takeLink() { // first of all: no code may stay in the address bar
  const given = new URLSearchParams(location.hash.slice(1));
  if (!["c", "p", "r"].some((name) => given.has(name))) return; // a place on this page, or nothing
  history.replaceState(null, "", location.pathname + location.search);
  link = { pin: given.get("p"), round: Number(given.get("r")) };
  const code = field("code") || byId("code");
  if (code && given.get("c")) code.value = given.get("c");
}

// --- Bytes are Uint8Arrays. In JSON they are base64url.

const utf8 = (text) => new TextEncoder().encode(text);
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const toNumber = (bytes) => BigInt("0x" + toHex(bytes));
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
const fromNumber = (number, size) => fromHex(number.toString(16).padStart(2 * size, "0"));
const toPlainText = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const toText = (bytes) => toPlainText(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const fromPlainText = (text) => Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0));
const random = (size) => crypto.getRandomValues(new Uint8Array(size));

function fromText(text) {
  const bytes = fromPlainText(String(text).replace(/-/g, "+").replace(/_/g, "/"));
  return toText(bytes) === text ? bytes : stop("record"); // there is one way to write them
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((end, part) => (all.set(part, end), end + part.length), 0);
  return all;
}

const digest = async (kind, parts) => new Uint8Array(await crypto.subtle.digest(kind, joined(...parts)));
const sha256 = (...parts) => digest("SHA-256", parts);
const sha384 = (...parts) => digest("SHA-384", parts);

function canonical(value) { // RFC 8785
  const sorted = (one) => Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value, (_, one) => (one && one.constructor === Object ? sorted(one) : one));
}

// --- What people type: one table of cases holds this, client.py and the site to the same rule.

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"; // Crockford's base32, then what only checks

function asMeant(text) {
  const normal = text.normalize("NFKC").replace(/[\p{Cc}\p{Cf}\p{Pd}\p{Z}\u02d7\u2043\u2212\ufe0e\ufe0f]/gu, "");
  const inner = normal.replace(/^(?:(?!\*)[\p{P}\p{Sk}\p{Mn}<>])+|(?:(?!\*)[\p{P}\p{Sk}\p{Mn}<>])+$/gu, "");
  return inner.replace(/[a-z]/g, (letter) => letter.toUpperCase()).replace(/O/g, "0").replace(/[IL]/g, "1");
}

const isDigit = (character) => DIGITS.slice(0, 32).includes(character);
const inFours = (text) => text.replace(/.{4}(?=.)/g, "$&-");

function readCode(text) { // its 16 characters, or a sentence about what is wrong
  const code = Array.from(asMeant(text));
  const character = code.find((one) => !isDigit(one));
  if (character) throw fill("codecharacter", { character });
  if (code.length !== 16) throw fill("codelength", { given: code.length });
  return code.join("");
}

function inDigits(number, length) {
  let text = "";
  for (; text.length < length; number >>= BigInt(5)) text = DIGITS[number & BigInt(31)] + text;
  return text;
}

function receiptWords(receipt) {
  const number = toNumber(receipt);
  return inFours(inDigits(number, 26) + DIGITS[number % BigInt(37)]);
}

const spokenPin = (pin) => inDigits(toNumber(pin.slice(0, 20)), 32);

function isPin(pin, text) { // whether a written pin, or one for reading aloud, is this one
  if (/^[\w-]{43}$/.test(text.trim())) return text.trim() === toText(pin);
  const spoken = asMeant(text);
  if (spoken.length !== 32 || !Array.from(spoken).every(isDigit)) stop("badpin");
  return spoken === spokenPin(pin);
}

// --- The blind signature. No literals like 1n, which an old browser can't read.

const PSS = { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 };
const SIZE = 384; // bytes
const SPKI_HEAD = "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100"; // 3072 bits
const SPKI_TAIL = "0203010001"; // e = 65537

function modulus(spki) { // of the one encoding of such a key
  const hex = toHex(spki);
  const n = hex.slice(SPKI_HEAD.length, -SPKI_TAIL.length);
  if (hex !== SPKI_HEAD + n + SPKI_TAIL || n.length !== 2 * SIZE || !/^[89a-f].*[13579bdf]$/.test(n)) stop("record");
  return BigInt("0x" + n);
}

function invert(a, n) { // extended Euclid
  let [r, s, x, y] = [n, a, BigInt(0), BigInt(1)];
  while (s) {
    const q = r / s;
    [r, s, x, y] = [s, r - q * s, y, x - q * y];
  }
  if (r > 1) stop("record");
  return (x + n) % n;
}

async function maskOf(hash, size) { // MGF1 (RFC 8017, B.2.1)
  let mask = new Uint8Array(0);
  for (let i = 0; mask.length < size; i++) mask = joined(mask, await sha384(hash, [0, 0, 0, i]));
  return toNumber(mask.slice(0, size));
}

async function encode(message, salt, bits) { // EMSA-PSS (RFC 8017, 9.1.1)
  const hash = await sha384(new Uint8Array(8), await sha384(message), salt);
  const masked = toNumber(joined([1], salt)) ^ await maskOf(hash, Math.ceil(bits / 8) - 49);
  return (BigInt.asUintN(bits - 392, masked) << BigInt(392)) + toNumber(joined(hash, [0xbc]));
}

async function isEncoded(message, number, bits) { // whether this is the message, encoded with any salt
  const bytes = fromNumber(number, Math.ceil(bits / 8));
  const [masked, hash] = [bytes.slice(0, -49), bytes.slice(-49, -1)];
  const block = toNumber(masked) ^ await maskOf(hash, masked.length);
  return number === await encode(message, fromNumber(block, masked.length).slice(-48), bits);
}

async function blind(n, message, salt, r) { // what the site gets to see, and what uncovers its answer
  const bits = n.toString(2).length;
  const m = await encode(message, salt, bits - 1);
  const inverse = invert(m * r % n, n) * m % n; // m, too, must be prime to n
  const written = (number) => toText(fromNumber(number, Math.ceil(bits / 8)));
  return { blinded_message: written(m * toPower(r, n) % n), inverse: written(inverse) };
}

function toPower(r, n) { // r to the power of 65537
  let power = r;
  for (let i = 0; i < 16; i++) power = power * power % n;
  return r * power % n;
}

async function finalize(spki, n, message, inverse, answer, pss = PSS) {
  const signature = fromNumber(toNumber(answer) * toNumber(inverse) % n, Math.ceil(n.toString(16).length / 2));
  return await isSignature(spki, message, signature, pss) ? signature : stop("invalid");
}

async function isSignature(spki, message, signature, pss = PSS) {
  const key = await crypto.subtle.importKey("spki", spki, pss, false, ["verify"]);
  return crypto.subtle.verify(pss, key, signature, message);
}

async function openings(receipt) {
  const w = await sha256(utf8("petition-withdraw-v1"), receipt);
  const a = await sha256(utf8("petition-appear-v1"), receipt);
  const commit = toHex(await sha256(utf8("petition-commit-v1"), await sha256(w), await sha256(a)));
  return { w, a, commit };
}

const statement = ({ letter_id, text_sha256 }, round, commit) =>
  utf8(`petition-signature-v1\n${letter_id}\n${round}\n${text_sha256}\n${commit}\n`);

// --- The site

const PATIENCE = 60000; // milliseconds for one answer
const SMALL = 1 << 19; // bytes of an answer
const LARGE = 1 << 24; // bytes of the letter, or of a part of its log
let base = ""; // the letter's own address, which its id gives; at first the page's

const sentence = (name) => byId("say").dataset[name] || name;
const fill = (name, values) => sentence(name).replace(/\{(\w+)\}/g, (_, key) => values[key]);
const stop = (name) => { throw sentence(name); };
const plain = (text) => String(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").slice(0, 500);

async function ask(path, members) { // the answer's status and bytes; it may be neither late nor long
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), PATIENCE);
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(members) };
  try {
    const answer = await fetch(base + path, {
      ...(members && post),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: control.signal,
    });
    return { status: answer.status, bytes: await bytesOf(answer, members ? SMALL : LARGE) };
  } catch (no) {
    throw typeof no === "string" && !members ? no : sentence("lost");
  } finally {
    clearTimeout(timer);
    control.abort();
  }
}

async function bytesOf(answer, most) {
  const parts = [];
  if (!answer.body) return joined();
  const reader = answer.body.getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(...parts);
    parts.push(value);
    size += value.length;
    if (size > most) stop("record");
  }
}

async function askJson(path, members) {
  const { status, bytes } = await ask(path, members);
  const said = parse(bytes);
  if (status < 300) return said || stop(members ? "lost" : "record");
  const words = said && (said.detail || said.title);
  const no = plain(words || sentence("lost"));
  const isFinal = [400, 403, 404, 409, 410, 413].includes(status); // asking again will not help
  const isElsewhere = status === 403 && Boolean(words); // of another round, says the site itself
  throw isFinal ? Object.assign(new Error(no), { isFinal, isElsewhere, status }) : no;
}

function parse(bytes) {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes));
    return value && value.constructor === Object ? value : null;
  } catch (no) {
    return null;
  }
}

// --- The record must be the one that everybody gets (protocol 4): whatever a site chooses for one visitor alone
// would mark that visitor's signature.

const HEX = /^[0-9a-f]{64}$/;
const ID = /^[a-z0-9-]{1,32}$/;
const STEP = /^(named|named_at:[1-9]\d{0,8})$/;
const isText = (value) => typeof value === "string";
const isCount = (value) => Number.isSafeInteger(value) && value > 0;
const isList = (value, test) => Array.isArray(value) && value.every(test);
const isChoice = (value) => value && ID.test(value.id) && isText(value.label);
const SHAPES = {
  variant: (value) => value === "RSABSSA-SHA384-PSS-Randomized",
  letter_id: (value) => isText(value) && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(value),
  round: isCount,
  roll_id: (value) => isText(value) && ID.test(value),
  text_sha256: (value) => isText(value) && HEX.test(value),
  k: (value) => isCount(value) && value !== 2 && value <= 50,
  timing: (value) => value === "together" || value === "apart",
  hosts: (value) => isList(value, isText) && canonical(value) === canonical([...new Set(value)].sort()),
  log_key: isText,
  public_key: isText,
  names_keys: (value) => value && value.constructor === Object && Object.keys(value).every((step) => STEP.test(step)),
  names_offered: (value) => isList(value, (step) => isText(step) && STEP.test(step)),
  fields: (value) => isList(value, (one) => isChoice(one) && isList(one.options, isChoice)),
  fields_sha256: isText,
  issuing: (value) => typeof value === "boolean",
  signing: (value) => typeof value === "boolean",
  rounds: (value) => isList(value, (one) => one && isCount(one.round) && ID.test(one.roll_id)),
};

async function readRecord(given) {
  if (!Object.keys(SHAPES).every((name) => SHAPES[name](given[name]))) stop("record");
  const { round, public_key, fields_sha256, roll_id: roll } = given;
  const names_keys = {};
  for (const [step, spki] of Object.entries(given.names_keys)) {
    modulus(fromText(spki));
    names_keys[step] = toHex(await sha256(fromText(spki)));
  }
  const n = modulus(fromText(public_key));
  if (fields_sha256 !== toHex(await sha256(utf8(canonical(given.fields))))) stop("record");
  const shared = sharedBy({ ...given, names_keys });
  return { ...given, n, shared, pin: await pinOf({ ...shared, round, public_key, roll }) };
}

const sharedBy = ({ letter_id, text_sha256, k, timing, hosts, log_key, fields_sha256, names_keys }) =>
  ({ letter_id, text_sha256, k, timing, hosts, log_key, fields_sha256, names_keys }); // what a letter's rounds share
const pinOf = (pinned) => sha256(utf8("petition-pin-v1"), utf8(canonical(pinned)));

async function findRecords(own, pins) { // of the round that a file, link or pin names; else of all a code may be of
  const fetchRound = async (number) => {
    const found = await readRecord(await askJson("round.json?round=" + number));
    return found.round === number ? found : stop("record");
  };
  const named = own ? own.round : link.round;
  const first = named ? [await fetchRound(named)] : [];
  if (named && (link.round || pins.length || own.signature)) return first;
  if (pins.length) {
    for (let number = 1; number <= 100; number++) {
      const found = await fetchRound(number).catch((no) => {
        throw no.status === 404 && number > 1 ? sentence("pin") : no;
      });
      if (isPin(found.pin, pins[0])) return [found];
    }
    stop("pin");
  }
  const newest = await readRecord(await askJson("round.json"));
  const found = [];
  for (const number of roundsOf(newest, first.map((one) => one.roll_id)[0])) {
    if (number !== named) found.push(number === newest.round ? newest : await fetchRound(number));
  }
  if (![...first, ...found].every(({ shared }) => canonical(shared) === canonical(newest.shared))) stop("record");
  const issuing = [...first, ...found.filter((one) => one.issuing)];
  return issuing.length ? issuing : found.slice(0, 1);
}

function roundsOf({ round, roll_id, rounds }, known) { // of the signer's roll, from the newest down
  const rolls = new Set([roll_id, ...rounds.map((one) => one.roll_id)]);
  const roll = known || (rolls.size < 2 ? roll_id : (field("roll") && field("roll").value) || stop("roll"));
  const listed = rounds.filter((one) => one.roll_id === roll).map((one) => one.round);
  // The first roll's newest that was not annulled is known.
  const numbers = roll === roll_id ? [round, ...listed.filter((one) => one < round)] : listed;
  return numbers.length ? [...new Set(numbers)].sort((a, b) => b - a).slice(0, 100) : stop("roll");
}

async function letterPath(own) { // /s/ and what the letter's id gives; another address is asked once which letter it is
  const [, typed] = location.pathname.match(/^(?:\/[a-z]{2}(?:-[A-Za-z]{2,4})?)?\/s\/([^/]+)\//) || [];
  const short = typed && asMeant(decodeURIComponent(typed));
  if (own && short && short !== own.letter_id.slice(0, 16)) stop("file");
  if (short) return `/s/${short}/`;
  base = "";
  const { letter_id } = own || await askJson("round.json");
  return `/s/${String(letter_id).slice(0, 16)}/`;
}

async function checkRecord(own) { // nothing of the signer's is sent before this is done
  const typed = field("pin") && field("pin").value.trim();
  const given = [link.pin, typed].filter(Boolean);
  base = await letterPath(own);
  const pins = own ? [...given, own.pin] : given;
  const [found, ...more] = await findRecords(own, given);
  if (base !== `/s/${found.letter_id.slice(0, 16)}/`) stop("pin");
  if (!pins.every((pin) => isPin(found.pin, pin))) stop("pin");
  if (!found.hosts.includes(location.host)) stop("moved");
  const { status, bytes } = await ask("letter.md");
  if (status !== 200 || toHex(await sha256(bytes)) !== found.text_sha256) stop("text");
  isPublic = await compareWithLog(found);
  for (const one of more) if (await compareWithLog(one) !== isPublic) stop("log");
  found.isPinned = pins.length > 0;
  [record, others] = [found, more];
}

// --- The public log, once there is one (RFC 9162, C2SP tlog-tiles)

const BUNDLE = 256; // entries in one part

function tilePath(number) { // 1234067 is x001/x234/067
  const digits = String(number);
  return digits.padStart(Math.ceil(digits.length / 3) * 3, "0").replace(/...(?=.)/g, "x$&/");
}

async function fetchPart(kind, number, count) { // the last one may have filled up since; then its beginning is meant
  const path = `log/tile/${kind}/${tilePath(number)}`;
  for (const name of count < BUNDLE ? [`${path}.p/${count}`, path] : [path]) {
    const { status, bytes } = await ask(name);
    if (status === 200) return bytes;
  }
  return stop("log");
}

function entriesIn(bundle, count) { // each after its length in two bytes
  const entries = [];
  for (let at = 0; entries.length < count;) {
    const start = at + 2;
    at = start + bundle[at] * 256 + bundle[at + 1];
    if (!(at <= bundle.length)) stop("log");
    entries.push(bundle.slice(start, at));
  }
  return entries;
}

async function rootOf(hashes) { // pairs, then pairs of pairs; one that is left over goes up as it is
  while (hashes.length > 1) {
    const pairs = hashes.filter((_, i) => i % 2 === 0).map((left, i) => [left, hashes[2 * i + 1]]);
    hashes = await Promise.all(pairs.map(([left, right]) => (right ? sha256([1], left, right) : left)));
  }
  return hashes[0];
}

// The root of each part; the log's root is the root over these. Tiles of level 1 have those of the full parts.
async function fetchPartRoots(size) {
  const roots = [];
  const full = Math.floor(size / BUNDLE);
  for (const [number, count] of partsOf(full)) roots.push(...await fetchHashes("1", number, count));
  if (size % BUNDLE) roots.push(await rootOf(await fetchHashes("0", full, size % BUNDLE)));
  return roots;
}

async function fetchHashes(level, number, count) {
  const tile = await fetchPart(level, number, count);
  return Array.from({ length: count }, (_, i) => tile.slice(32 * i, 32 * i + 32));
}

function partsOf(size) { // number and length of each
  const parts = Array.from({ length: Math.ceil(size / BUNDLE) }, (_, number) => number);
  return parts.map((number) => [number, Math.min(BUNDLE, size - number * BUNDLE)]);
}

async function fetchCheckpoint() { // null before publication
  const { status, bytes } = await ask("log/checkpoint");
  if (status === 404 || status === 410) return null;
  const note = new TextDecoder().decode(bytes);
  const [origin, size, root] = note.split("\n");
  if (status !== 200 || !/^[1-9]\d{0,6}$/.test(size)) stop("log");
  return { note, origin, root, size: Number(size) };
}

const ANYONES = [ // y of Ed25519 keys for which anyone can sign, in each encoding, without the sign (RFC 8032, 5.1.2)
  "00".repeat(32), `01${"00".repeat(31)}`, ...["ec", "ed", "ee"].map((low) => `${low}${"ff".repeat(30)}7f`),
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

const isForAnyone = (key) => ANYONES.includes(toHex([...key.slice(0, 31), key[31] & 0x7f]));

async function isSigned({ note, origin }, logKey) { // null where the browser knows no Ed25519
  if (isForAnyone(fromText(logKey))) return false;
  const end = note.indexOf("\n\n") + 1;
  const lines = note.slice(end).split("\n").filter((line) => line.startsWith(`— ${origin} `));
  const key = await crypto.subtle.importKey("raw", fromText(logKey), "Ed25519", false, ["verify"]).catch(() => null);
  if (!key) return null;
  const bare = (line) => fromPlainText(line.split(" ")[2]).slice(4); // after four bytes: the key's id
  const found = lines.map((line) => crypto.subtle.verify("Ed25519", key, bare(line), utf8(note.slice(0, end))));
  return (await Promise.all(found)).includes(true);
}

// The pin of a round, as the log says it to everyone.
const pinInLog = (first, { round, public_key, roll }) => pinOf({ ...sharedBy(first), round, public_key, roll });

async function compareWithLog(found) { // entry 0 and the round's entry, both under the root that the log's key signed
  const checkpoint = await fetchCheckpoint();
  if (!checkpoint) return false;
  if (await isSigned(checkpoint, found.log_key) === false) stop("log");
  const roots = await fetchPartRoots(checkpoint.size);
  if (toPlainText(await rootOf(roots)) !== checkpoint.root) stop("log");
  let first;
  for (const [number, count] of partsOf(checkpoint.size)) {
    const entries = entriesIn(await fetchPart("entries", number, count), count);
    const leaves = await Promise.all(entries.map((entry) => sha256([0], entry)));
    if (toHex(await rootOf(leaves)) !== toHex(roots[number])) stop("log");
    const members = entries.map((entry) => parse(entry) || stop("log"));
    first = first || members[0];
    if (first.type !== "letter" || first.version !== 2) stop("version"); // other logs have other rules
    const opened = members.find((one) => one.type === "round" && one.round === found.round);
    if (opened) return toHex(await pinInLog(first, opened)) === toHex(found.pin) || stop("log");
  }
  return stop("log");
}

// --- Token, backup and receipt files

const file = (members) => new Blob([JSON.stringify(members, null, 1) + "\n"], { type: "application/json" });

async function begin(of) { // a new receipt, and a statement that commits to it, hidden; for each record one
  const { letter_id, round, n } = of;
  const pin = toText(of.pin);
  if (begun[pin]) return begun[pin];
  const receipt = random(16);
  const { commit } = await openings(receipt);
  const message = joined(random(32), statement(of, round, commit));
  let r = n;
  while (r >= n || r < 2) r = toNumber(random(SIZE));
  const blinded = await blind(n, message, random(48), r);
  const written = { message: toText(message), receipt: toText(receipt), ...blinded };
  begun[pin] = { petition: 1, letter: location.origin + "/", letter_id, round, pin, ...written };
  return begun[pin];
}

async function readFile(name, pasted) { // a file that was saved earlier, or its text
  const [found] = (field(name) && field(name).files) || [];
  const text = found ? await found.text() : field(pasted) && field(pasted).value;
  return text ? readSaved(text) : null;
}

async function readSaved(text) { // refuses a file whose parts do not belong together
  try {
    const own = JSON.parse(text);
    const { commit } = await openings(fromText(own.receipt));
    const said = new TextDecoder().decode(fromText(own.message).slice(32)).split("\n");
    const isOurs = own.petition === 1 && own.pin && isCount(own.round) && fromText(own.receipt).length === 16;
    if (isOurs && said[1] === own.letter_id && said[2] === String(own.round) && said[4] === commit) return own;
  } catch (no) { /* one sentence for all of it */ }
  return stop("file");
}

async function requireOwnRecord(own) { // a file is of this record, and nobody has changed it
  const { commit } = await openings(fromText(own.receipt));
  const message = fromText(own.message);
  const isOfRound = toText(message.slice(32)) === toText(statement(record, record.round, commit));
  if (!isOfRound || !await isWhole(own, message)) stop("file");
}

async function isWhole({ signature, blinded_message, inverse }, message) { // what is hidden uncovers to the message
  if (signature) return isSignature(fromText(record.public_key), message, fromText(signature));
  const [hidden, factor] = [blinded_message, inverse].map((text) => toNumber(fromText(text)));
  return isEncoded(message, hidden * toPower(factor, record.n) % record.n, 8 * SIZE - 1);
}

// --- What is shown of the signer. A name is locked here, so that the site cannot read it.

// What no list would show: invisible characters but those that join letters, addresses, links.
const UNSHOWN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}]|@|:\/\/|\bwww\.|\.(com|org|net|info|io)\b/iu;
const MOST_MARKS = 4; // accents on one letter: more of them run over the lines of others
// The site takes these out of a name before it counts accents, so they part none.
const UNSEEN = /[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u200c\u200d\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;

// Normalizing sorts accents and nothing else, U+0345 behind all others. (\p{M} has vowels too: they are no accents.)
const isMark = (one) => one === "\u0345" || ("\u0345" + one).normalize("NFD") !== "\u0345" + one;

function hasManyMarks(text) {
  const marks = Array.from(text.replace(UNSEEN, "").normalize("NFD"), (one) => (isMark(one) ? "m" : " ")).join("");
  return marks.includes("m".repeat(MOST_MARKS + 1));
}

function requireShowable(text, accents) { // once it is locked, nobody can tell
  if (UNSHOWN.test(text) || !/\p{L}/u.test(text)) stop("unshown");
  if (hasManyMarks(text)) stop(accents);
}

const locked = {}; // what is locked, so that a button that is pressed again sends the same

function typedName() { // with the title
  const typed = ["name", "title"].map((name) => (field(name) ? field(name).value.trim().normalize() : ""));
  if (!typed[0]) stop("nameless");
  const words = typed.filter(Boolean).join("\n");
  if (utf8(words).length > 300) stop("unshown");
  requireShowable(typed[0], "accents");
  if (typed[1]) requireShowable(typed[1], "titleaccents");
  return words;
}

async function lock(step, words, a) {
  const nameKey = toHex(await sha256(utf8("petition-name-v1"), a));
  const label = ["petition-name-v1", record.letter_id, step, nameKey].join("\n");
  const oaep = { name: "RSA-OAEP", hash: "SHA-256", label: utf8(label) };
  const key = await crypto.subtle.importKey("spki", fromText(record.names_keys[step]), oaep, false, ["encrypt"]);
  const name = label + words;
  locked[name] = locked[name] || toText(new Uint8Array(await crypto.subtle.encrypt(oaep, key, utf8(words))));
  return locked[name];
}

function chosen() { // what the signer wants to show, if the letter offers it
  const appear = (field("appear") && field("appear").value) || "counted";
  const [step] = appear.split(":");
  const offered = ["counted", ...(record.fields.length ? ["grouped"] : []), ...record.names_offered];
  if (!offered.includes(appear)) stop("offer");
  if (step === "counted") return { step };
  const groups = record.fields.filter(({ id }) => field("group-" + id) && field("group-" + id).value)
    .map(({ id, options }) => ({ field: id, option: field("group-" + id).value, options }));
  if (!groups.every(({ option, options }) => options.some(({ id }) => id === option))) stop("offer");
  const named = groups.map(({ field: name, option }) => ({ field: name, option }));
  return { appear, step, groups: named, words: step === "grouped" ? "" : typedName() };
}

async function appearanceOf({ appear, step, groups, words }) { // what is sent with the signature
  if (step === "counted") return { step };
  const { w, a } = await openings(fromText(kept.receipt));
  const shown = { step, groups };
  const [, number] = appear.split(":");
  if (number) shown.at = Number(number);
  if (words) shown.locked_name = await lock(appear, words, a);
  return { ...shown, a: toText(a), w_hash: toHex(await sha256(w)) };
}

// --- The steps

async function prepare() { // sends nothing of the signer's; afterwards kept is a backup or a token file
  tell("checking");
  const code = field("code") ? readCode(field("code").value) : null;
  const own = await readFile("token_file", "token") || await readFile("backup_file") || (unsaved ? kept : null);
  if (!own && !code) stop("file");
  await checkRecord(own);
  if (own && !own.signature && !(own.inverse && code)) stop("file");
  if (own) await requireOwnRecord(own);
  if (!own && !begun[toText(record.pin)]) tell("hiding");
  for (const one of (own && own.others) || []) begun[one.pin] = one;
  kept = own || await begin(record);
  return code;
}

async function obtain(code) { // turns the backup file into a token file
  if (kept.signature) return;
  if (!record.issuing) stop("ended");
  tell("sending");
  unsaved = true;
  const { blinded_message, inverse, others: _, ...rest } = kept;
  const answer = await askJson("tokens", { code, round: rest.round, blinded_message }).catch((no) => {
    if (no.isElsewhere && others.length) return null;
    unsaved = unsaved && !no.isFinal; // the code was not used
    throw no;
  });
  if (!answer) { // the next round has a statement of its own
    [record, ...others] = others;
    kept = await begin(record);
    await requireOwnRecord(kept);
    return obtain(code);
  }
  const bytes = await Promise.resolve(answer.blind_signature).then(fromText).catch(() => stop("invalid"));
  const spki = fromText(record.public_key);
  const signature = await finalize(spki, record.n, fromText(rest.message), fromText(inverse), bytes);
  kept = begun[rest.pin] = { ...rest, signature: toText(signature) };
}

function show(name) { // the second screen
  byId("main").replaceChildren(byId(name).content);
  const texts = { words: words(), pin: inFours(spokenPin(record.pin)) };
  for (const part of document.querySelectorAll("[data-fill]")) part.textContent = texts[part.dataset.fill];
  if (!record.isPinned) reveal(isPublic ? "unpinned-log" : "unpinned");
  document.querySelector("h1").focus();
}

function reveal(word) {
  for (const part of document.querySelectorAll(`[data-when~="${word}"]`)) part.hidden = false;
}

const words = () => receiptWords(fromText(kept.receipt));

const acts = {
  async sign() {
    const code = await prepare();
    if (!record.signing) stop("early");
    const choice = chosen();
    await obtain(code);
    tell("signing");
    unsaved = true;
    const appearance = await appearanceOf(choice);
    await askJson("signatures", { message: kept.message, signature: kept.signature, appearance });
    show("signed");
  },
  async later() {
    await obtain(await prepare());
    show("later");
  },
  async backup() {
    await prepare();
    const spare = await Promise.all(others.map(begin));
    if (spare.length) kept = { ...kept, others: spare };
    reveal("backup");
    return sentence("backup");
  },
  async copy() {
    await navigator.clipboard.writeText(words());
    unsaved = false;
    return sentence("copied");
  },
  async picture() {
    const canvas = byId("picture");
    [canvas.width, canvas.height, canvas.hidden] = [720, 160, false];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, 720, 160);
    pen.fillStyle = "#000";
    pen.font = "32px monospace";
    pen.textAlign = "center";
    pen.fillText(words().slice(0, 20), 360, 70, 680);
    pen.fillText(words().slice(20), 360, 120, 680);
    canvas.setAttribute("aria-label", words());
    unsaved = false;
  },
  async print() {
    unsaved = false;
    print();
  },
  async clear({ href }) {
    if (unsaved && !isWarned) {
      isWarned = true;
      throw sentence("unsaved");
    }
    unsaved = false;
    kept = null;
    for (const pin of Object.keys(begun)) delete begun[pin];
    for (const one of document.forms) one.reset();
    document.body.replaceChildren();
    location.replace(href);
  },
};

// --- The page

function tell(name, kind = "progress", text = sentence(name)) {
  byId("told").textContent = text;
  byId("told").dataset.kind = kind;
}

async function press(event) {
  const button = event.target.closest("[data-act], [download]");
  if (!button) return;
  if (button.hasAttribute("download")) return void (unsaved = false);
  const act = acts[button.dataset.act];
  event.preventDefault();
  if (!act || document.documentElement.dataset.busy) return;
  document.documentElement.dataset.busy = "yes";
  const [kind, text] = await act(button).then((said) => ["done", said || ""], (no) => ["stopped", saidBy(no)]);
  delete document.documentElement.dataset.busy;
  if (!byId("told")) return;
  tell("", kind, text);
  mark(kind === "stopped" ? text : "");
  if (text) byId("told").focus();
  for (const save of document.querySelectorAll("[download]")) if (kept) save.href = URL.createObjectURL(file(kept));
}

const FIELDS = {
  badpin: "pin", pin: "pin", roll: "roll", nameless: "name", unshown: "name", accents: "name", titleaccents: "title",
  words: "receipt", typo: "receipt",
};
const { title } = document;

function mark(wrong) { // the page's title and the wrong field say so, for people who hear the page
  document.title = wrong ? `${sentence("error")} ${title}` : title;
  const [name] = Object.keys(FIELDS).filter((one) => wrong === sentence(one));
  const isCode = field("code") && wrong === whatIsWrong(field("code").value);
  for (const one of ["code", ...new Set(Object.values(FIELDS))]) {
    if (!field(one) || !field(one).setAttribute) continue;
    if (one === (isCode ? "code" : FIELDS[name])) field(one).setAttribute("aria-invalid", "true");
    else field(one).removeAttribute("aria-invalid");
  }
}

const saidBy = (no) => (typeof no === "string" ? no : no.isFinal ? no.message : sentence("failed"));

function heedCode(event) { // what is wrong with a code is said as it is typed
  if (event.target !== field("code") || !byId("code-told")) return;
  const text = event.target.value;
  byId("code-told").textContent = text ? whatIsWrong(text) || sentence("codeok") : "";
}

function whatIsWrong(text) { // with a code
  try {
    return readCode(text) && "";
  } catch (no) {
    return no;
  }
}

function takeBack(event) { // what went wrong is said until the form changes; after a cut it stays
  if (event.target.form !== form() || byId("told").dataset.kind !== "stopped" || unsaved) return;
  tell("", "done", "");
  mark("");
}

function leaving(event) {
  if (!unsaved) return;
  event.preventDefault();
  event.returnValue = "";
}

takeLink();
addEventListener("hashchange", takeLink);
if (form() && crypto.subtle && window.BigInt) {
  document.documentElement.classList.add("scripted");
  addEventListener("click", press);
  addEventListener("input", heedCode);
  addEventListener("input", takeBack);
  addEventListener("beforeunload", leaving);
  if (!link.pin) reveal("no-pin");
} else if (form()) tell("unable", "stopped");

// Signing in one tap. This browser hides the signature from the site, uncovers it and gives it (RFC 9474).
// Nothing is stored: secrets are in this page's memory, or in files that the signer saves.
//
// What the page has to bring
//
// Context. One script serves three pages: signing with a code, signing with a saved file, and (with check.js)
// checking and removing a signature. The pages hold every sentence, so that they can be translated; the script holds
// every step. The two meet only in the ids, names and data attributes below. What a page leaves out, the script does
// without.
//
// Where it works. At any address of the letter; requests go to /s/… whatever the page's address is. Without scripts
// the form posts to the site as it is. With them <html> gets the class "scripted".
//
// The form has the id "sign". Its fields, by name:
//   code          the code. On the page for a saved file there is none.
//   token         type=file: a file saved by “sign later”; signs without a code.
//   backup        type=file: a backup file of an attempt that broke off; signs with the same code once more.
//   pin           the check number from the sheet, typed. A link that has one wins over it only if both are the same.
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
//   check, remove             on the page for receipts (check.js).
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
// #told (role=status) gets one sentence: how far it is, or what went wrong. #code-told, if there is one, gets a
// sentence about the code as it is typed. Both come from data attributes of <div id="say" hidden>:
//   progress      checking · hiding · sending · signing
//   code          codeok · codelength {given} · codecharacter {character}
//   stopped, nothing sent     record (damaged, or not of the kind it must be) · pin (not the record that the link or
//                 the file names) · badpin (what was typed is no whole check number) · text (letter.md is not the text
//                 that the record names) · log (not what the public record says) · moved (not an address of this
//                 letter) · version (a kind of record that is too new) · roll (choose one) · early (signatures are not
//                 taken yet: sign later) · ended (codes are not taken any more) · offer (not a choice of this letter)
//                 · file (not a file for this step) · nameless · unshown (a name that no list could show)
//   after sending invalid (the answer is no signature) · lost (no answer: press again; nothing is lost)
//   other         copied · unable (too old a browser, or no https: the form works without the script)
// A refusal of the site is shown in the site's own words.
//
// While something is sent, and until a token or receipt was saved, copied, shown as a picture or printed, leaving the
// page asks first (beforeunload). A button that is pressed again after a lost line sends the same bytes again.

"use strict";

let pin; // the key's fingerprint, if the link names it
let round; // round.json, its key checked
let kept; // what can be saved now: a retry, token or receipt file
let choice = () => ({ step: "counted" }); // of how to be seen

const byId = (id) => document.getElementById(id);

function takeLink() { // first of all: no code may stay in the address bar
  const link = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  pin = link.get("k") || pin;
  if (byId("code") && link.get("c")) byId("code").value = link.get("c");
}
takeLink();
addEventListener("hashchange", takeLink);

// --- Bytes are strings of characters 0 to 255; in JSON these members are base64url.

const BINARY = /message$|signature$|^(receipt|inverse|public_key|w|a|locked_name)$/;
const turned = (by) => (name, value) => (BINARY.test(name) ? by(value) : value);
const toText = (bytes) => btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
const fromText = (text) => atob(text.replace(/-/g, "+").replace(/_/g, "/"));
const read = (json) => JSON.parse(json, turned(fromText));
const file = (members) => new Blob([JSON.stringify(members, turned(toText), 1)], { type: "application/json" });

const toArray = (bytes) => Uint8Array.from(bytes, (byte) => byte.charCodeAt(0));
const fromArray = (array) => String.fromCharCode(...new Uint8Array(array));
const toHex = (bytes) => bytes.replace(/[^]/g, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
const toNumber = (bytes) => BigInt("0x" + toHex(bytes));

function fromNumber(number, n) { // as long as n
  const hex = number.toString(16).padStart(n.toString(16).length, "0");
  return hex.replace(/../g, (pair) => String.fromCharCode("0x" + pair));
}

const random = (size) => fromArray(crypto.getRandomValues(new Uint8Array(size)));
const hash = async (bytes, kind = "SHA-256") => fromArray(await crypto.subtle.digest(kind, toArray(bytes)));

// --- The blind signature. No literals like 1n, which an old browser can't read.

const PSS = { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 };

function invert(a, n) { // extended Euclid
  let [r, s, x, y] = [n, a, BigInt(0), BigInt(1)];
  while (s) {
    const q = r / s;
    [r, s, x, y] = [s, r - q * s, y, x - q * y];
  }
  if (r > 1) throw r;
  return (x + n) % n;
}

async function encode(message, salt, bits) { // EMSA-PSS (RFC 8017, 9.1.1)
  const digest = await hash("\0".repeat(8) + await hash(message, PSS.hash) + salt, PSS.hash);
  const size = Math.ceil(bits / 8) - 49;
  let mask = "";
  for (let i = 0; mask.length < size; i++) mask += await hash(digest + "\0\0\0" + String.fromCharCode(i), PSS.hash);
  const masked = toNumber("\x01" + salt) ^ toNumber(mask.slice(0, size));
  return (BigInt.asUintN(bits - 392, masked) << BigInt(392)) + toNumber(digest + "\xbc");
}

async function blind(n, message, salt, r) {
  const m = await encode(message, salt, n.toString(2).length - 1);
  const inverse = invert(m * r % n, n) * m % n; // m, too, must be prime to n
  let power = r;
  for (let i = 0; i < 16; i++) power = power * power % n;
  return { blinded_message: fromNumber(m * r * power % n, n), inverse: fromNumber(inverse, n) };
}

async function finalize({ key, n }, message, inverse, answer, pss = PSS) {
  const signature = fromNumber(toNumber(answer) * toNumber(inverse) % n, n);
  return await crypto.subtle.verify(pss, key, toArray(signature), toArray(message)) ? signature : stop("invalid");
}

// --- Receipts

async function openings(receipt) {
  const w = await hash("petition-withdraw-v1" + receipt);
  const a = await hash("petition-appear-v1" + receipt);
  return { w, a, commit: toHex(await hash("petition-commit-v1" + await hash(w) + await hash(a))) };
}

async function statement(receipt) {
  const { commit } = await openings(receipt);
  return `petition-signature-v1\n${round.letter_id}\n${round.round}\n${round.text_sha256}\n${commit}\n`;
}

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"; // Crockford's base32, then what only checks

function receiptWords(receipt) {
  let number = toNumber(receipt);
  let words = DIGITS[number % BigInt(37)];
  for (; words.length < 27; number >>= BigInt(5)) words = DIGITS[number & BigInt(31)] + words;
  return words.replace(/.{4}/g, "$&-");
}

// --- The site, and the page

const say = (name) => byId("say").dataset[name];
const stop = (name) => { throw say(name); };

async function ask(path, members) {
  const answer = await fetch(path, { credentials: "omit", ...(members && { method: "POST", body: file(members) }) });
  const said = read(await answer.text());
  if (!answer.ok) throw said.detail;
  return said;
}

async function fetchRound(query) {
  round = await ask("round.json" + query);
  round.key = await crypto.subtle.importKey("spki", toArray(round.public_key), PSS, true, ["verify"]);
  const { n, e } = await crypto.subtle.exportKey("jwk", round.key);
  round.n = toNumber(fromText(n));
  const found = [toHex(await hash(round.public_key)), round.n.toString(2).length, e, round.variant];
  if (`${found}` !== `${round.fingerprint},3072,AQAB,RSABSSA-SHA384-PSS-Randomized`) stop("key");
  if (pin && pin !== round.fingerprint) stop("pin");
}

async function begin() {
  await fetchRound(location.search); // of a roll
  const { letter, letter_id, fingerprint, n } = round;
  const receipt = random(16);
  const message = random(32) + await statement(receipt);
  let r = n;
  while (r >= n) r = toNumber(random(384));
  const blinded = await blind(n, message, random(48), r);
  return { petition: 1, letter, letter_id, round: round.round, fingerprint, message, receipt, ...blinded };
}

async function readBack(text, member) {
  const found = read(text);
  await fetchRound("?round=" + found.round);
  if (found.fingerprint !== round.fingerprint) stop("pin");
  if (!found[member] || found.message.slice(32) !== await statement(found.receipt)) stop("file");
  return found;
}

async function chosen() {
  const [found] = document.querySelector("[type=file]").files;
  return found && found.text();
}

function show(name) {
  byId("main").replaceChildren(byId(name).content);
  document.querySelector("h1").focus();
}

const acts = {
  async begin() { // sends nothing
    const text = await chosen();
    kept = text ? await readBack(text, "inverse") : kept || await begin();
    byId("offer").hidden = false;
    return say("offer");
  },
  async send() { // after a lost answer, the same again
    const { blinded_message, inverse, ...rest } = kept;
    const { blind_signature } = await ask("tokens", { code: byId("code").value, round: rest.round, blinded_message });
    kept = { ...rest, signature: await finalize(round, rest.message, inverse, blind_signature) };
    show("ready");
  },
  async open() {
    kept = await readBack(await chosen() || byId("token").value, "signature");
    show("ready");
  },
  async sign() {
    const { message, signature, receipt } = kept;
    const { w, a } = await openings(receipt);
    const appearance = await choice(a);
    if (appearance.step !== "counted") Object.assign(appearance, { a, w_hash: toHex(await hash(w)) });
    await ask("signatures", { message, signature, appearance });
    show("receipt");
    byId("words").textContent = receiptWords(receipt);
  },
  print: async () => print(),
};

async function press(event) {
  const button = event.target;
  const act = acts[button.dataset.act];
  if (!act) return;
  event.preventDefault();
  button.disabled = true;
  const sentence = await act().catch((no) => typeof no === "string" ? no : say("failed"));
  button.disabled = false;
  byId("told").textContent = sentence || "";
  byId("told").focus();
  for (const link of document.querySelectorAll("[download]")) link.href = URL.createObjectURL(file(kept));
}

if (crypto.subtle && window.BigInt) {
  document.documentElement.className = "scripted";
  addEventListener("click", press);
} else byId("told").textContent = say("unable");

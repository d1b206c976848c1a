// The log's key and its newest checkpoint: a note signed with Ed25519 (C2SP signed-note, tlog-checkpoint).

import { Invalid, fromBase64, isEqual, of, sha256, textOf, toHex, utf8 } from "./verify-bytes.js";

const ED25519 = 1;
const LONGEST = 2 ** 18; // characters of a note
const NAME = /^[^\p{Z}+\0-\x1f\x7f\x85]+$/u; // no space of Unicode
const CONTROL = /[\0-\x09\x0b-\x1f\ud800-\udfff]/u;
const SIZE = /^(0|[1-9]\d{0,15})$/;

const SMALL = [ // y of the points of small order, in each encoding of it, without the sign (RFC 8032, 5.1.2)
  "00".repeat(32), `01${"00".repeat(31)}`, ...["ec", "ed", "ee"].map((low) => `${low}${"ff".repeat(30)}7f`),
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
];

function isOfSmallOrder(key) {
  return SMALL.includes(toHex([...key.slice(0, 31), key[31] & 0x7f]));
}

const keyId = async (name, key) => (await sha256(utf8(`${name}\n`), [ED25519], key)).slice(0, 4);

/** The name and the key (32 bytes) of a verifier key: one line, NAME+KEYID+BASE64. */
export async function readVkey(bytes) {
  const text = of("log/vkey", () => textOf(bytes));
  const [name, id, encoded] = text.replace(/\n$/, "").split(/\+([^+]*)\+(.*)/s);
  const data = fromBase64(encoded || "");
  const isKey = data && data.length === 33 && data[0] === ED25519 && NAME.test(name);
  if (!isKey) throw new Invalid("log/vkey is not the verifier key of an Ed25519 log key");
  const key = data.slice(1);
  if (isOfSmallOrder(key)) throw new Invalid("The key in log/vkey is one for which anyone can sign");
  if (id !== toHex(await keyId(name, key))) throw new Invalid("The key id in log/vkey does not fit its name and key");
  if (!text.endsWith("\n")) throw new Invalid("log/vkey is not exactly one line that ends with a newline");
  return { name, key };
}

/** The size and the root (32 bytes) of a checkpoint that is signed by this key under this name.
 * isSigned is null where the browser knows no Ed25519, so that the signature was not checked. */
export async function readCheckpoint(bytes, { name, key }) {
  const note = of("The checkpoint", () => textOf(bytes));
  const gap = note.lastIndexOf("\n\n");
  if ([...note].length > LONGEST || gap < 0 || !note.endsWith("\n") || CONTROL.test(note)) {
    throw new Invalid("The checkpoint is no signed note: a text, an empty line, signature lines");
  }
  const [head, tail] = [note.slice(0, gap), note.slice(gap + 2)];
  const isSigned = await checkSignatures(`${head}\n`, tail.replace(/\n$/, "").split("\n"), name, key);
  return { ...readHead(head.split("\n"), name), isSigned };
}

function readHead(lines, name) {
  const [origin, size, encoded] = lines;
  if (lines.length < 3 || lines.includes("")) throw new Invalid("The checkpoint has no origin, size and root");
  if (origin !== name) throw new Invalid("The checkpoint is of another log");
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) throw new Invalid("The checkpoint's size is no number");
  const root = fromBase64(encoded);
  if (!root || root.length !== 32) throw new Invalid("The checkpoint's root is not base64 of 32 bytes");
  return { size: Number(size), root };
}

async function checkSignatures(body, lines, name, key) {
  const id = await keyId(name, key);
  const own = lines.map(readLine).filter((line) => line.signer === name && isEqual(line.signature.slice(0, 4), id));
  if (!own.length) throw new Invalid("The checkpoint is not signed by the log's key");
  const verifier = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]).catch(unlessUnknown);
  if (!verifier) return null;
  for (const { signature } of own) {
    const isValid = await crypto.subtle.verify("Ed25519", verifier, signature.slice(4), utf8(body));
    if (!isValid) throw new Invalid("The signature of the log's key under the checkpoint is wrong");
  }
  return true;
}

function unlessUnknown(no) { // a browser without Ed25519
  if (no.name === "NotSupportedError") return null;
  throw new Invalid("The key in log/vkey cannot be used");
}

function readLine(line) {
  const [dash, signer, encoded] = line.split(/ ([^ ]*) (.*)/s);
  const signature = fromBase64(encoded || "");
  if (dash !== "—" || !NAME.test(signer) || !signature || signature.length < 5) {
    throw new Invalid("A signature line under the checkpoint is malformed");
  }
  return { signer, signature };
}

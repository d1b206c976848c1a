// Whether one signature is valid, judged without any other (protocol.md, 4 and 8; RFC 9474, RFC 8017).

import { Invalid, fromBase64url, fromHex, sha256, toHex, utf8 } from "./verify-bytes.js";

const PSS = { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 };
const SIZE = 384; // bytes of a signature
const PREFIX = 32; // random bytes before a statement
const SPKI_HEAD = "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100"; // 3072 bits
const SPKI_TAIL = "0203010001"; // e = 65537
const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true }); // what is no text is no statement either
const STATEMENT = /^petition-signature-v1\n([0-9A-Z]{26})\n(0|[1-9]\d{0,15})\n([0-9a-f]{64})\n([0-9a-f]{64})\n$/;

/** A round's key, from the one encoding of such a key: n, and the key as the browser uses it; null for any other. */
export async function roundKey(spki) {
  const hex = toHex(spki);
  const n = hex.slice(SPKI_HEAD.length, -SPKI_TAIL.length);
  if (hex !== SPKI_HEAD + n + SPKI_TAIL || n.length !== 2 * SIZE || !/^[89a-f].*[13579bdf]$/.test(n)) return null;
  const verifier = await crypto.subtle.importKey("spki", spki, PSS, false, ["verify"]).catch(() => null);
  return verifier && { n: fromHex(n), verifier };
}

/** The commit (hex) of a signature that is valid under its round's key, with a statement of this letter. */
export async function validCommit(entry, letter, opened) {
  if (!opened) throw new Invalid(`names round ${entry.round}, which no earlier entry opens`);
  const message = decoded(entry.message, "message");
  const signature = decoded(entry.signature, "signature");
  const commit = commitIn(message, entry.round, letter);
  if (signature.length !== SIZE) throw new Invalid(`has a signature of ${signature.length} bytes instead of ${SIZE}`);
  if (!opened.key) throw new Invalid(`names round ${entry.round}, whose key cannot be used`);
  if (!isBelow(signature, opened.key.n)) throw new Invalid("has a signature that is not below the key's n");
  const isValid = await crypto.subtle.verify(PSS, opened.key.verifier, signature, message);
  if (!isValid) throw new Invalid(`has a signature that is not valid under the key of round ${entry.round}`);
  return commit;
}

function decoded(text, what) {
  const bytes = fromBase64url(text);
  if (!bytes) throw new Invalid(`has a ${what} that is not canonical base64url without padding`);
  return bytes;
}

function commitIn(message, round, letter) {
  const said = STATEMENT.exec(LENIENT.decode(message.subarray(PREFIX)));
  if (!said) throw new Invalid("has a message that is not 32 bytes and an exact statement");
  const [, letterId, named, digest, commit] = said;
  if (named !== String(round)) throw new Invalid(`is of round ${round}, but its statement names round ${named}`);
  if (letterId !== letter?.letter_id) throw new Invalid("has a statement of another letter");
  if (digest !== letter.text_sha256) throw new Invalid("has a statement of another text");
  return commit;
}

function isBelow(bytes, limit) {
  const place = bytes.findIndex((byte, i) => byte !== limit[i]);
  return place >= 0 && bytes[place] < limit[place];
}

/** A withdrawal must open its commit. */
export async function requireOpening({ commit, w, a_hash: aHash }) {
  const opened = await sha256(utf8("petition-commit-v1"), await sha256(fromBase64url(w)), fromHex(aHash));
  if (toHex(opened) !== commit) throw new Invalid("does not open its commit");
}

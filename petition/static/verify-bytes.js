// Bytes, texts and findings: what the other parts of this verification are built on. Bytes are Uint8Arrays.

/** A rule is broken; the message says which. */
export class Invalid extends Error {}

/** What was found wrong. Each check keeps its first sentence, and counts the rest. */
export class Findings {
  constructor(names) {
    this.checks = new Map(names.map((name) => [name, { sentence: "", times: 0, isDone: false }]));
  }

  wrong(name, sentence) {
    const check = this.checks.get(name);
    check.sentence ||= sentence;
    check.times += 1;
  }

  fine(name) { // made to its end; it holds unless something else is wrong with it
    this.checks.get(name).isDone = true;
  }

  judge(name, holds, sentence) {
    if (holds) this.fine(name);
    else this.wrong(name, sentence);
  }

  failed(otherwise) { // the checks that failed, or were not made to their end and found nothing
    const failed = [...this.checks].filter(([, { times, isDone }]) => times || !isDone);
    return failed.map(([name, { sentence, times }]) => {
      return { name, sentence: sentence || otherwise, more: times - 1, isChecked: times > 0 };
    });
  }
}

// --- Texts

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => new TextEncoder().encode(text);

export function textOf(bytes) {
  try {
    return STRICT.decode(bytes);
  } catch (no) {
    throw new Invalid("is not UTF-8");
  }
}

/** What is read of a file; if a rule is broken, the sentence begins with the file's name. */
export function of(name, read) {
  try {
    return read();
  } catch (no) {
    throw no instanceof Invalid ? new Invalid(`${name} ${no.message}`) : no;
  }
}

/** A value from a file as a sentence may quote it: short, and without control characters. */
export function shown(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�").slice(0, 80);
}

// --- Bytes

export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((end, part) => (all.set(part, end), end + part.length), 0);
  return all;
}

export const isEqual = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
export const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

export async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", parts.length > 1 ? joined(...parts) : parts[0]));
}

/** The bytes of a text in plain base64; null for any but the one text of these bytes. */
export function fromBase64(text) {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? ofBinary(binary) : null;
  } catch (no) {
    return null;
  }
}

const LAST = ["", null, "AQgw", "AEIMQUYcgkosw048"]; // by length modulo 4: the characters whose unused bits are zero

/** The bytes of a text in base64url without padding; null for any but the one text of these bytes. */
export function fromBase64url(text) {
  const last = LAST[text.length % 4];
  if (last === null || !/^[\w-]*$/.test(text) || (last && !last.includes(text.at(-1)))) return null;
  return ofBinary(atob(text.replace(/-/g, "+").replace(/_/g, "/")));
}

function ofBinary(binary) {
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

// --- JSON

const DEEPEST = 500; // lists and objects within one another
const LONGEST = 16; // digits of a whole number
const TOO_LONG = `has a number of more than ${LONGEST} digits`;
const NUMBERS = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const NOT_WHOLE = /"(?:count|signatures|withdrawals|codes_made|issued|size)"\s*:\s*-?\d+[.eE]/; // the log's numbers

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** A value in canonical form (RFC 8785). Numbers are integers that every reader keeps exactly. */
export function canonical(value, depth = 0) {
  requireShallow(depth);
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one, depth + 1)).join(",")}]`;
  if (isObject(value)) {
    const members = Object.keys(value).sort().map((name) => `${canonical(name)}:${canonical(value[name], depth + 1)}`);
    return `{${members.join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Invalid("is not in canonical form");
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) throw new Invalid("is not in canonical form");
  return JSON.stringify(value);
}

function requireShallow(depth) { // deeper values would break the script, and so hide what is wrong
  if (depth > DEEPEST) throw new Invalid("is nested too deeply");
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch (no) {
    throw new Invalid("is not JSON");
  }
}

/** A value that is in canonical form, which also means that it has no member twice. */
export function parseCanonical(bytes) {
  const text = textOf(bytes);
  const value = parse(text);
  if (canonical(value) !== text) throw new Invalid("is not in canonical form");
  return value;
}

/** An object in any form, with the log's numbers written as whole ones, and no member twice. */
export function parseObject(bytes) {
  const text = textOf(bytes);
  const value = parse(text);
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, ""); // of all strings, where colons only follow names
  if (!isObject(value)) throw new Invalid("is not an object");
  if (countMembers(value) !== outside.split(":").length - 1) throw new Invalid("has a member twice");
  if (NOT_WHOLE.test(text)) throw new Invalid("has a number that is not written as a whole one");
  if (outside.match(NUMBERS)?.some((one) => /^\d+$/.test(one) && one.length > LONGEST)) throw new Invalid(TOO_LONG);
  return value;
}

function countMembers(value, depth = 0) {
  requireShallow(depth);
  if (value === null || typeof value !== "object") return 0;
  const inside = Object.values(value).reduce((sum, one) => sum + countMembers(one, depth + 1), 0);
  return inside + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

// The entries of the public log: of which types they are, and which shape each member has (protocol.md, 8).

import { Invalid, fromBase64url, isObject, parseCanonical, shown } from "./verify-bytes.js";

export const VERSION = 2;
export const WIDTH = 256; // entries in a full bundle

const HEX = /^[0-9a-f]{64}$/;
const ID = /^[a-z0-9-]{1,32}$/;
const LETTER_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const STEP = /^(named|named_at:[1-9][0-9]{0,6})$/;
const HOST = /^[!-~]+$/;
const NEVER_IN_A_HOST = /[/?#@\\]/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/;

const isText = (value) => typeof value === "string";
const matches = (pattern) => (value) => isText(value) && pattern.test(value);
const isHash = matches(HEX);
const isOneOf = (...values) => (value) => values.includes(value);
const isList = (value) => Array.isArray(value) && value.length > 0;
const isDistinct = (values) => new Set(values).size === values.length;
const isSame = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);
const hasExactly = (value, names) => isObject(value) && isSame(Object.keys(value).sort(), names);

const isNumber = (value) => Number.isSafeInteger(value) && value >= 0;

/** Whether it is a moment like 2026-11-22T14:00Z, on a day that exists. */
export function isMoment(value) {
  if (!matches(MOMENT)(value) || value.startsWith("0000")) return false;
  const date = new Date(value);
  return !Number.isNaN(date.valueOf()) && `${date.toISOString().slice(0, 16)}Z` === value;
}

function isBinary(size) {
  return (value) => {
    const bytes = isText(value) ? fromBase64url(value) : null;
    return bytes !== null && (size === undefined || bytes.length === size);
  };
}

function isRolls(value) {
  const isRoll = (roll) => hasExactly(roll, ["id", "name"]) && matches(ID)(roll.id) && isText(roll.name);
  return isList(value) && value.every(isRoll) && isDistinct(value.map((roll) => roll.id));
}

function isHosts(value) {
  const isHost = (host) => matches(HOST)(host) && !NEVER_IN_A_HOST.test(host);
  return isList(value) && value.every(isHost) && isDistinct(value) && isSame(value, [...value].sort());
}

function isNamesKeys(value) {
  return isObject(value) && Object.entries(value).every(([step, key]) => STEP.test(step) && isHash(key));
}

function isClients(value) {
  return hasExactly(value, ["client.py", "sign.js"]) && Object.values(value).every(isHash);
}

const MEMBERS = { // of each type, besides the type itself
  letter: {
    version: isOneOf(VERSION),
    letter_id: matches(LETTER_ID),
    text_sha256: isHash,
    title: isText,
    k: (value) => isNumber(value) && value > 0 && value !== 2 && value <= 50,
    timing: isOneOf("together", "apart"),
    rolls: isRolls,
    fields_sha256: isHash,
    hosts: isHosts,
    log_key: isBinary(32),
    names_keys: isNamesKeys,
    client_sha256: isClients,
  },
  round: {
    round: isNumber,
    roll: isText,
    public_key: isBinary(),
    opens: (value) => value === null || isMoment(value),
    closes: (value) => value === null || isMoment(value),
  },
  codes: { round: isNumber, made: isNumber, voided: isNumber },
  issued: {
    round: isNumber,
    issued: (value) => value === null || isNumber(value),
    key_destroyed: isOneOf(true, false),
  },
  annulled: { round: isNumber, reason: isText },
  signature: { message: isText, round: isNumber, signature: isText },
  withdrawal: { commit: isHash, w: isBinary(32), a_hash: isHash },
  closed: { signatures: isNumber, withdrawals: isNumber, dropped: isNumber },
};

/** One entry as an object: of a known type, with exactly its members, each of its shape, in canonical form. */
export function readEntry(bytes) {
  const entry = parseCanonical(bytes);
  if (!isObject(entry)) throw new Invalid("is not an object");
  const { type } = entry;
  if (!isText(type) || !Object.hasOwn(MEMBERS, type)) throw new Invalid(`has the unknown type ${shown(type)}`);
  const shapes = MEMBERS[type];
  const stranger = Object.keys(entry).find((name) => name !== "type" && !Object.hasOwn(shapes, name));
  if (stranger !== undefined) throw new Invalid(`has a member ${shown(stranger)}, which ${type} entries do not have`);
  for (const [name, fits] of Object.entries(shapes)) {
    if (!Object.hasOwn(entry, name)) throw new Invalid(`lacks the member “${name}”`);
    if (!fits(entry[name])) throw new Invalid(`has ${shown(entry[name])} as “${name}”, which has another form`);
  }
  return entry;
}

/** Splits a bundle, in which each entry comes after its length in two bytes. */
export function entriesIn(bundle, count) {
  const entries = [];
  let end = 0;
  while (entries.length < count) {
    const start = end + 2;
    end = start + bundle[end] * 256 + bundle[end + 1];
    if (!(end <= bundle.length)) throw new Invalid(`ends within entry ${entries.length + 1} of its ${count}`);
    entries.push(bundle.subarray(start, end));
  }
  if (end !== bundle.length) throw new Invalid(`goes on after its ${count} entries`);
  return entries;
}

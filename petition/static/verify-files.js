// The small files beside the entries, fetched together.

import { Invalid, isEqual } from "./verify-bytes.js";
import { VERSION, WIDTH, entriesIn } from "./verify-entries.js";
import { PAGES } from "./verify-pages.js";
import { Unreachable, pause } from "./verify-source.js";
import { fetchTile } from "./verify-tree.js";

const LONGEST = { // the most bytes that each may have
  "letter.md": 2 ** 24,
  "counts.json": 2 ** 22,
  "history.csv": 2 ** 24,
  "log/vkey": 2 ** 12,
  "log/issuer.pem": 2 ** 26,
  "log/checkpoint": 2 ** 20,
};
const OPTIONAL = Object.fromEntries(["counts.csv", ...PAGES].map((path) => [path, 2 ** 22])); // where they exist
const TRIES = 4; // when an update comes in between
const SETTLING = 1100; // milliseconds until every process of a server knows of an update

/** Nothing was checked: "why" is "files" (they could not be fetched) or "version" (it is not known here). */
export class NothingChecked extends Error {
  constructor(why) {
    super(why);
    this.why = why;
  }
}

/** All small files by path, each its bytes or the reason why there are none, as of one moment. */
export async function fetchFiles(source) {
  let checkpoint = await fetchFile(source, "log/checkpoint");
  for (let attempt = 1; ; attempt++) {
    const files = await fetchAll(source);
    const isOver = checkpoint instanceof Error || attempt === TRIES;
    if (isOver || isOneMoment(files, checkpoint)) return requireAny(files);
    checkpoint = files["log/checkpoint"];
    await pause(SETTLING);
  }
}

async function fetchAll(source) {
  const paths = [...Object.keys(OPTIONAL), ...Object.keys(LONGEST)];
  const fetched = await Promise.all(paths.map((path) => fetchFile(source, path)));
  return Object.fromEntries(paths.map((path, i) => [path, fetched[i]]));
}

async function fetchFile(source, path) {
  try {
    return await source.read(path, LONGEST[path] || OPTIONAL[path]);
  } catch (no) {
    if (no instanceof Invalid) return no;
    throw no;
  }
}

function requireAny(files) {
  if (Object.keys(LONGEST).every((path) => files[path] instanceof Error)) throw new NothingChecked("files");
  return files;
}

function isOneMoment(files, checkpoint) { // what else is in the files is judged later
  const newest = files["log/checkpoint"];
  if (newest instanceof Error || !isEqual(newest, checkpoint)) return false;
  const size = sizeInCounts(files["counts.json"]);
  return size === undefined || String(size) === textIn(newest).split("\n")[1];
}

function sizeInCounts(file) {
  try {
    return JSON.parse(textIn(file)).verification.log.size;
  } catch (no) {
    return undefined;
  }
}

const textIn = (bytes) => new TextDecoder().decode(bytes);

/** Entry 0 must have a version that is known here. If it cannot be read, the verification will say so. */
export async function requireKnownVersion(source, note) {
  const [, size] = note instanceof Error ? [] : /^[^\n]*\n([1-9]\d{0,15})\n/.exec(textIn(note)) || [];
  const first = size && await firstEntry(source, Math.min(WIDTH, Number(size)));
  if (first && first.type === "letter" && first.version !== VERSION) throw new NothingChecked("version");
}

async function firstEntry(source, width) {
  try {
    const [first] = entriesIn(await fetchTile(source, "entries", 0, width), width);
    return JSON.parse(textIn(first));
  } catch (no) {
    if (no instanceof Unreachable) throw no;
    return null;
  }
}

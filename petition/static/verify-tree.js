// The Merkle tree over all entries, computed again and compared with the published tiles (RFC 9162, C2SP tlog-tiles).

import { Invalid, isEqual, joined, sha256 } from "./verify-bytes.js";
import { WIDTH, entriesIn } from "./verify-entries.js";
import { Missing, Unreachable } from "./verify-source.js";

const LONGEST_ENTRY = 2 ** 16 - 1;
const HASH = 32; // bytes

const leafHash = (entry) => sha256([0], entry);

export const leafHashes = (entries) => Promise.all(entries.map(leafHash));

/** The root over some hashes. One that is left over rises as it is: the same tree as splitting at powers of two. */
async function rootOf(hashes) {
  while (hashes.length > 1) {
    const pairs = hashes.filter((_, i) => i % 2 === 0).map((left, i) => [left, hashes[2 * i + 1]]);
    hashes = await Promise.all(pairs.map(([left, right]) => (right ? sha256([1], left, right) : left)));
  }
  return hashes[0] || sha256(new Uint8Array());
}

function tilePath(number) { // 1234067 is x001/x234/067
  const digits = String(number);
  return digits.padStart(Math.ceil(digits.length / 3) * 3, "0").replace(/...(?=.)/g, "x$&/");
}

/** A tile of hashes, or a bundle of entries (level "entries"). The last one of a level may be partial. */
export async function fetchTile(source, level, number, width) {
  const full = `log/tile/${level}/${tilePath(number)}`;
  const path = width === WIDTH ? full : `${full}.p/${width}`;
  const longest = level === "entries" ? width * (2 + LONGEST_ENTRY) : width * HASH;
  try {
    return await source.read(path, longest);
  } catch (no) {
    if (!(no instanceof Missing) || width === WIDTH) throw no;
    return beginningOf(source, full, level, width, no);
  }
}

async function beginningOf(source, full, level, width, missing) { // a log that grew meanwhile may have filled the tile
  const longest = WIDTH * (level === "entries" ? 2 + LONGEST_ENTRY : HASH);
  const data = await source.read(full, longest).catch((no) => {
    throw no instanceof Missing ? missing : no;
  });
  if (level !== "entries") return data.subarray(0, width * HASH);
  const entries = entriesIn(data, WIDTH).slice(0, width);
  return data.subarray(0, entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
}

/** Grows bundle by bundle, and keeps only its right edge: the partial last tile of every level. */
export class Tree {
  constructor(findings, source) {
    this.size = 0;
    this.findings = findings;
    this.source = source;
    this.edge = []; // hashes of the partial tile, by level
  }

  async root() {
    let below = []; // the root over all lower levels, if there is any
    for (const tile of this.edge) {
      const hashes = [...tile, ...below];
      below = hashes.length ? [await rootOf(hashes)] : [];
    }
    return rootOf(below);
  }

  async grow(leaves) { // the leaf hashes of the next bundle
    const first = this.size / WIDTH;
    await this.compare(0, first, leaves);
    this.size += leaves.length;
    await this.add(0, first, leaves);
  }

  async add(level, number, hashes) {
    this.edge[level] = [...(this.edge[level] || []), ...hashes];
    if (this.edge[level].length < WIDTH) return;
    const full = this.edge[level];
    this.edge[level] = [];
    if (level > 0) await this.compare(level, number, full);
    await this.add(level + 1, Math.floor(number / WIDTH), [await rootOf(full)]);
  }

  async finish() { // the partial tiles above the lowest level
    for (const [level, hashes] of this.edge.entries()) {
      if (level > 0 && hashes.length) await this.compare(level, Math.floor(this.size / WIDTH ** (level + 1)), hashes);
    }
  }

  async compare(level, number, hashes) {
    try {
      const published = await fetchTile(this.source, level, number, hashes.length);
      if (isEqual(published, joined(...hashes))) return;
      this.findings.wrong("tiles", `Tile ${number} of level ${level} does not have the hashes that the entries give.`);
    } catch (no) {
      if (no instanceof Unreachable || !(no instanceof Invalid)) throw no;
      this.findings.wrong("tiles", `${no.message}.`);
    }
  }
}

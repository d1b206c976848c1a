// Fetches a letter's public files from the address that it is given, and asks no other site.

import { Invalid } from "./verify-bytes.js";

/** The file does not exist. */
export class Missing extends Invalid {}

/** Nothing can be said of the file, because it did not come. That is not the record's fault. */
export class Unreachable extends Error {}

const TRIES = 4;
const PATIENCE = 60000; // milliseconds for one file
const LONGEST_PAUSE = 10000;
const PAGE = "index.html"; // web servers have it at the folder's own address
const ASKED = { cache: "no-store", credentials: "omit", mode: "same-origin", referrerPolicy: "no-referrer" };

export class Website {
  constructor(address) {
    this.address = address;
  }

  /** The bytes of a file. Tries again where a connection breaks or the server is busy. */
  async read(path, longest) {
    for (let left = TRIES - 1; ; left--) {
      try {
        return await this.ask(path, longest);
      } catch (no) {
        if (no instanceof Invalid) throw no;
        if (!left) throw new Unreachable(`${path} could not be fetched: ${no.message}`);
        await pause(no.pause ?? (left === TRIES - 1 ? 0 : 1000));
      }
    }
  }

  async ask(path, longest) {
    const address = new URL(path === PAGE ? "./" : path, this.address);
    const answer = await fetch(address, { ...ASKED, signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 404 || answer.status === 410) throw new Missing(`${path} is missing`);
    if (answer.status !== 200) throw busy(answer);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length > longest) throw new Invalid(`${path} is longer than the ${longest} bytes that it may have`);
    return bytes;
  }
}

function busy(answer) { // it may say after how many seconds to come again
  const asked = 1000 * (Number(answer.headers.get("Retry-After")) || 1);
  return Object.assign(new Error(`the server answers ${answer.status}`), { pause: Math.min(asked, LONGEST_PAUSE) });
}

export const pause = (milliseconds) => new Promise((go) => { setTimeout(go, milliseconds); });

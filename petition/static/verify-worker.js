// Verifies a letter off the page's own thread, so that the page stays usable. It is told the address of the letter's
// public files, and says how far it is, and what it found.

import { NothingChecked } from "./verify-files.js";
import { verify } from "./verify.js";
import { Website } from "./verify-source.js";

const say = (kind, told) => postMessage({ kind, ...told });

addEventListener("message", async ({ data: address }) => {
  try {
    say("done", await verify(new Website(address), (done, size) => say("progress", { done, size })));
  } catch (no) {
    if (!(no instanceof NothingChecked)) console.error(no);
    say("nothing", { why: no.why || "unable" });
  }
});

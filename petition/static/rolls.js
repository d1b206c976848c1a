// A letter with several groups of signers: who goes on to another group takes along the code that they typed, after the
// #, which never reaches a server and is cleared from the address first of all (sign.js).
"use strict";

addEventListener("click", ({ target }) => {
  if (target.dataset.roll === undefined) return;
  const link = new URLSearchParams({ c: byId("code").value });
  target.hash = link;
});

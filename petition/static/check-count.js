// The button “Check this count”: reads the letter's whole public record on this device, verifies every signature,
// counts again, and says what it found. The rules are in verify.js and its modules, which run in a worker. It sends
// nothing but requests for public files, and only after the button was pressed.
//
// What the page has to bring: a section with the id "check-count" and
//   data-address   of the letter's public files, as the page sees it
//   data-count     the count that the page shows
// In it [data-part] names the parts: run (all that needs a script; hidden in the source), start and stop (buttons), bar
// (a progress element), told (role=status), numbers (a table in which data-number names count, signatures, withdrawals,
// codes and size), limits (what the check can't know), reasons (details for experts: a list).
//
// Sentences, in data attributes of the section:
//   reading · stopped
//   right {count} · newer (the page shows an older count) · unsigned (this browser can't verify Ed25519)
//   wrong, and for each kind of fault (see KINDS) signature · text · codes · numbers · privacy · record
//   unchecked (what is wrong with the record kept some checks from being made)
//   nothing was checked: files (they could not be fetched) · version (of a kind not known here) · unable (the browser)
"use strict";

const KINDS = { // of faults, by the names of the checks; in the order in which they are told
  signature: ["signatures", "commits", "withdrawals"],
  text: ["letter"],
  codes: ["codes", "issued"],
  numbers: ["counts", "history", "pages"],
  privacy: ["k"],
  record: [], // all others
};

const COMING_AND_GOING = ["start", "stop", "bar", "numbers", "limits", "reasons"];

const section = document.getElementById("check-count");
const part = (name) => section.querySelector(`[data-part="${name}"]`);
const sentence = (name) => section.dataset[name];
const inNumbers = new Intl.NumberFormat(document.documentElement.lang);
const script = document.currentScript.src;
let worker = null;

// A page in another language names the record by its full address. In a copy on another site, the record is two folders
// above the scripts of that language.
function recordAddress() {
  const named = new URL(sentence("address") || "./", location.href);
  return named.origin === location.origin ? named.href : new URL("../..", script).href;
}

const element = (kind, text) => Object.assign(document.createElement(kind), { textContent: text });

function tell(kind, ...sentences) {
  const told = part("told");
  told.dataset.kind = kind;
  told.replaceChildren(...sentences.map((text) => element("p", text)));
  if (kind === "done") told.firstChild.className = "success";
}

function show(names) { // these parts, and no other
  for (const name of COMING_AND_GOING) part(name).hidden = !names.includes(name);
}

function start() {
  worker = new Worker(new URL("verify-worker.js", script), { type: "module" });
  worker.addEventListener("message", ({ data }) => hear[data.kind](data));
  worker.addEventListener("error", () => hear.nothing({ why: "unable" }));
  worker.postMessage(recordAddress());
  part("bar").removeAttribute("value");
  show(["stop", "bar"]);
  tell("progress", sentence("reading"));
  part("stop").focus();
}

function end(kind, sentences, parts) {
  worker.terminate();
  const hadFocus = section.contains(document.activeElement);
  show(["start", ...parts]);
  if (hadFocus) part("start").focus();
  tell(kind, ...sentences);
}

const hear = {
  progress({ done, size }) {
    Object.assign(part("bar"), { max: size, value: done });
  },
  nothing({ why }) {
    end("nothing", [sentence(why)], []);
  },
  done(verdict) {
    if (verdict.failed.length) tellWrong(verdict.failed);
    else tellRight(verdict);
  },
};

function tellRight(verdict) {
  const isNewer = verdict.count !== Number(sentence("count"));
  const right = sentence("right").replace("{count}", inNumbers.format(verdict.count));
  const more = [isNewer && sentence("newer"), !verdict.isSigned && sentence("unsigned")].filter(Boolean);
  for (const place of part("numbers").querySelectorAll("[data-number]")) {
    place.textContent = inNumbers.format(verdict[place.dataset.number]);
  }
  end("done", [right, ...more], ["numbers", "limits"]);
}

function tellWrong(failed) {
  const names = failed.filter(({ isChecked }) => isChecked).map(({ name }) => name);
  const kinds = Object.keys(KINDS).filter((kind) => KINDS[kind].some((name) => names.includes(name)));
  const isOther = (name) => !Object.values(KINDS).flat().includes(name);
  if (names.length < failed.length) kinds.push("unchecked");
  else if (names.some(isOther)) kinds.push("record");
  const lines = failed.map(({ name, sentence: text, more }) => `${name}: ${text}${more > 0 ? ` (+${more})` : ""}`);
  part("reasons").querySelector("ul").replaceChildren(...lines.map((line) => element("li", line)));
  end("stopped", [sentence("wrong"), ...kinds.map((kind) => sentence(kind))], ["limits", "reasons"]);
}

function stop() {
  end("nothing", [sentence("stopped")], []);
}

// Without https a browser has no cryptography for pages; from a disk it reads no other file.
if (section && window.isSecureContext && window.Worker && /^https?:$/.test(location.protocol)) {
  part("run").hidden = false;
  part("without").open = false; // it is for those who have no script, or no trust in this one
  part("start").addEventListener("click", start);
  part("stop").addEventListener("click", stop);
}

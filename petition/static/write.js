// While an organizer writes: keeps what is typed, and shows its preview, a moment after each pause.
//
// It does what the button "Preview" does without a script: it sends the same form to the same address, and takes the
// preview and the notices from the page that comes back. Nothing is stored in the browser.

"use strict";

const PAUSE = 1000; // milliseconds without typing
const AGAIN = 10000; // until the next try, if the site did not answer, or is busy
const form = document.querySelector("form.write");
const told = document.getElementById("kept");
let timer = 0;
let isKept = true;
let isTyped = false; // until then the page says more than an answer: what is unsaved, and what was wrong
let sent = 0;

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(keep, milliseconds);
}

async function keep() {
  const number = ++sent;
  const fields = new URLSearchParams(new FormData(form));
  fields.set("do", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields });
    if (answer.status === 429 || answer.status >= 500) throw new Error(answer.status); // busy: nothing is lost
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (number === sent) show(page);
  } catch {
    told.textContent = told.dataset.failed;
    later(AGAIN);
  }
}

function show(page) {
  const kept = page.getElementById("kept");
  if (!kept) {
    told.textContent = page.querySelector("[name=carry_to]") ? told.dataset.signedout : told.dataset.failed;
    return;
  }
  isKept = kept.dataset.is !== "";
  told.textContent = kept.textContent;
  if (isTyped) ["notices", "counter"].forEach((id) => take(page, id));
  if (document.getElementById("ways")) take(page, "ways");
  if (page.querySelector("#preview .paper")) take(page, "preview");
}

// Put a part of the page that came back in the place of the one that stands here, unless they are the same.
function take(page, id) {
  const [here, fresh] = [document.getElementById(id), page.getElementById(id)];
  if (!here.isEqualNode(fresh)) here.replaceChildren(...fresh.childNodes);
}

// On a phone one sees the form or the preview; on wider screens both, and the style hides these buttons.
const tabs = document.querySelectorAll(".tabs button");
for (const tab of tabs) {
  tab.addEventListener("click", () => {
    document.querySelector(".writing").dataset.shows = tab.dataset.shows;
    for (const other of tabs) other.setAttribute("aria-pressed", String(other === tab));
  });
}

// "Add a source here": its mark goes where the cursor is. What the site sends back is this page with one more source.
document.getElementById("cite")?.addEventListener("click", () => {
  const body = form.elements.body;
  const titles = [...form.querySelectorAll("[name$=-title]")];
  const filled = titles.filter((title) => ["title", "url", "date"].some((part) => {
    return form.elements[title.name.replace(/title$/, part)].value.trim();
  }));
  const mark = `[^${filled.length + 1}]`;
  const place = body.selectionEnd;
  body.value = body.value.slice(0, place) + mark + body.value.slice(place);
  document.getElementById("cite").value = "sources-more";
});

form.addEventListener("input", () => {
  isKept = false;
  isTyped = true;
  later(PAUSE);
});
form.addEventListener("submit", () => {
  clearTimeout(timer);
  sent += 1;
  isKept = true;
});
addEventListener("beforeunload", (event) => {
  if (!isKept) event.preventDefault();
});
document.documentElement.classList.add("scripted");
later(0);

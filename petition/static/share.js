// The buttons of “Share” on a public letter's page: copy a text of this page, or hand the letter's address to what this
// device shares with. No other site is asked, and nothing is counted.
//
// What the page has to bring: a section with the id "share" with a role=status and the sentences copied · uncopied in
// data attributes. Buttons are hidden in the source: [data-copies] names the element whose text is copied, and
// [data-shares] is the address that is shared.
"use strict";

const sharing = document.getElementById("share");
const tellShared = (text) => { sharing.querySelector("[role=status]").textContent = text; };

async function copyText(id) {
  try {
    await navigator.clipboard.writeText(document.getElementById(id).textContent);
    tellShared(sharing.dataset.copied);
  } catch (no) {
    tellShared(sharing.dataset.uncopied);
  }
}

function shareAddress(url) { // someone who closes the list of apps has changed their mind, and needs no message
  navigator.share({ title: document.title, url }).catch(() => {});
}

function offer(selector, act) {
  for (const button of sharing.querySelectorAll(selector)) {
    button.hidden = false;
    button.addEventListener("click", () => act(button));
  }
}

if (sharing && navigator.clipboard) offer("[data-copies]", (button) => copyText(button.dataset.copies));
if (sharing && navigator.share) offer("[data-shares]", (button) => shareAddress(button.dataset.shares));

// Keeps only the names that have what is typed. Works on this page alone, and sends nothing.
"use strict";

const find = document.getElementById("find");
const sought = document.getElementById("sought");
const found = document.getElementById("sought-found");
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function search() {
  const wanted = plain(sought.value.trim());
  let number = 0;
  for (const list of document.querySelectorAll(".names ul")) {
    for (const name of list.children) {
      name.hidden = !plain(name.textContent).includes(wanted);
      number += !name.hidden;
    }
    list.hidden = list.previousElementSibling.hidden = !list.querySelector("li:not([hidden])");
  }
  found.textContent = wanted ? found.dataset.found.replace("{number}", number) : "";
}

if (find) {
  find.hidden = false;
  sought.addEventListener("input", search);
}

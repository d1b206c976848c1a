// While a signer chooses what to show, says what the public would see of it, from the letter's public counts alone.
// Needs sign.js, and sends nothing. (protocol, sections 6 and 9)
//
// What the page has to bring, beyond sign.js: an element with the id "seen" (aria-live), which gets one paragraph a
// line. Its data attributes are the sentences counted · more · group {group} {field} {company} · about {count} · few ·
// people {count} · later · name {name} · at {number} {name}, and data-public where the letter is public. An option of a
// group has data-people where the organizers said how many people it has.
"use strict";

let tables = []; // of counts.json: the groups that the letter's page shows

const filled = (said, values) => said.replace(/\{(\w+)\}/g, (_, name) => values[name]);

async function fetchTables() {
  const answer = await fetch("counts.json", { credentials: "omit" });
  if (answer.ok) tables = (await answer.json()).groups;
}

function company(says, label, option) { // how many there are in a group
  const table = tables.find((one) => one.field === label);
  const shown = table && table.options.slice(0, -1).find((one) => one.option === option.text);
  if (shown) return filled(says.about, { count: shown.count.toLocaleString(document.documentElement.lang) });
  if (says.public) return says.few;
  return option.dataset.people ? filled(says.people, { count: option.dataset.people }) : says.later;
}

function groupLine(says, list) {
  const [option] = list.selectedOptions;
  const label = list.labels[0].textContent;
  return filled(says.group, { group: option.text, field: label, company: company(says, label, option) });
}

function nameLine(says, number) {
  const typed = ["name", "title"].map((name) => (field(name) ? field(name).value.trim() : ""));
  return filled(number ? says.at : says.name, { number, name: typed.filter(Boolean).join(", ") });
}

function seenLines(says) {
  const [step, number] = field("appear").value.split(":");
  if (step === "counted") return [says.counted];
  const lists = [...form().querySelectorAll("select[name^=group-]")].filter((list) => list.value);
  const named = step === "grouped" ? [] : [nameLine(says, number)];
  return [says.more, ...lists.map((list) => groupLine(says, list)), ...named];
}

async function preview(event) {
  const seen = byId("seen");
  if (!seen || !field("appear") || event.target.form !== form()) return;
  const isGroup = event.target.matches("select[name^=group-]");
  const grouped = isGroup && form().querySelector("[name=appear][value=grouped]");
  if (grouped && field("appear").value === "counted") grouped.checked = true;
  if (seen.dataset.public && !tables.length) await fetchTables();
  seen.replaceChildren(...seenLines(seen.dataset).map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
}
addEventListener("input", preview);

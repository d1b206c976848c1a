// While a signer chooses how to be seen, shows what the public would see of it, from the letter's public counts alone.
// Sends nothing by itself: sign.js asks for the choice. (protocol, sections 6 and 9)
"use strict";

let tables = []; // of counts.json: the groups that the letter's page shows

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

async function fetchTables() {
  const answer = await fetch("counts.json", { credentials: "omit" });
  if (answer.ok) tables = (await answer.json()).groups;
}

function company(says, field, option) { // how many there are in a group
  const table = tables.find((one) => one.field === field);
  const shown = table && table.options.slice(0, -1).find((one) => one.option === option.text);
  if (shown) return filled(says.about, { count: shown.count.toLocaleString(document.documentElement.lang) });
  if (says.public) return says.few;
  return option.dataset.people ? filled(says.people, { count: option.dataset.people }) : says.later;
}

function groupLine(says, list) {
  const [option] = list.selectedOptions;
  const field = list.labels[0].textContent;
  return filled(says.group, { group: option.text, field, company: company(says, field, option) });
}

function nameLine(says, ladder, number) {
  const typed = [ladder.elements.name.value, ladder.elements.title.value].map((text) => text.trim());
  return filled(number ? says.at : says.name, { number, name: typed.filter(Boolean).join(", ") });
}

function linesOf(ladder) {
  const says = ladder.dataset;
  const [step, number] = ladder.elements.appear.value.split(":");
  if (step === "counted") return [says.counted];
  const lists = [...ladder.querySelectorAll("select")].filter((list) => list.value);
  const named = step === "grouped" ? [] : [nameLine(says, ladder, number)];
  return [says.more, ...lists.map((list) => groupLine(says, list)), ...named];
}

async function tell(event) {
  const ladder = event.target.form;
  if (!ladder || ladder !== document.forms.ladder) return;
  const { appear } = ladder.elements;
  if (event.target.matches("select") && appear.value === "counted") appear.value = "grouped";
  if (ladder.dataset.public && !tables.length) await fetchTables();
  byId("seen").replaceChildren(...linesOf(ladder).map((line) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = line;
    return paragraph;
  }));
}
addEventListener("input", tell);

// --- What sign.js sends. A name is locked here, so that the site cannot read it.

// What no list would show: invisible characters but those that join letters, addresses, links.
const UNSHOWN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}]|@|:\/\/|\bwww\.|\.(com|org|net|info|io)\b/iu;

const locked = {}; // what is locked, so that a button that is pressed again sends the same

async function lock(ladder, step, a) {
  const typed = [ladder.elements.name.value, ladder.elements.title.value].map((text) => text.trim().normalize());
  if (!typed[0]) stop("nameless");
  const label = ["petition-name-v1", round.letter_id, step, toHex(await hash("petition-name-v1" + a))].join("\n");
  const oaep = { name: "RSA-OAEP", hash: "SHA-256", label: new TextEncoder().encode(label) };
  const spki = toArray(fromText(round.names_keys[step]));
  const key = await crypto.subtle.importKey("spki", spki, oaep, false, ["encrypt"]);
  const words = typed.filter(Boolean).join("\n");
  const bytes = new TextEncoder().encode(words);
  if (bytes.length > 300 || typed.some((text) => text && (UNSHOWN.test(text) || !/\p{L}/u.test(text)))) stop("unshown");
  const encrypt = async () => fromArray(await crypto.subtle.encrypt(oaep, key, bytes));
  return locked[label + words] ||= await encrypt();
}

choice = async (a) => {
  const ladder = document.forms.ladder;
  const [step, number] = ladder.elements.appear.value.split(":");
  if (step === "counted") return { step };
  const lists = [...ladder.querySelectorAll("select")].filter((list) => list.value);
  const groups = lists.map((list) => ({ field: list.name.replace("group-", ""), option: list.value }));
  if (step === "grouped") return { step, groups };
  const locked_name = await lock(ladder, ladder.elements.appear.value, a);
  return { step, ...(number && { at: Number(number) }), groups, locked_name };
};

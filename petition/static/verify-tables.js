// Tables beside the log: history.csv, and counts.csv (protocol.md, 8; RFC 4180).

import { Invalid, of, textOf } from "./verify-bytes.js";
import { isMoment } from "./verify-entries.js";

const HISTORY = "sealed_at,signatures,withdrawals,count,size";
const HISTORY_ROW = /^([^,]*),(0|[1-9]\d{0,15}),(0|[1-9]\d{0,15}),(0|[1-9]\d{0,15}),([1-9]\d{0,15})$/;
const COUNTS = ["letter", "as_of", "field", "option", "count"];
const LONGEST_CELL = 2 ** 17; // characters

/** The rows of history.csv: hours and sizes rise, and every line ends with CRLF. */
export function readHistory(bytes) {
  const lines = of("history.csv", () => textOf(bytes)).split("\r\n");
  if (lines.pop() !== "" || lines.some((line) => /[\r\n]/.test(line))) {
    throw new Invalid("history.csv must end every line, the last one too, with CRLF");
  }
  if (lines[0] !== HISTORY) throw new Invalid(`history.csv must begin with the line ${HISTORY}`);
  const rows = lines.slice(1).map(readRow);
  const isRising = rows.slice(1).every((row, i) => row.hour > rows[i].hour && row.size > rows[i].size);
  if (!isRising) throw new Invalid("A row of history.csv has no later hour or no larger size than the row before");
  return rows;
}

function readRow(line, i) {
  const [, hour, ...numbers] = HISTORY_ROW.exec(line) || [];
  const [signatures, withdrawals, count, size] = numbers.map(Number);
  const isRow = hour !== undefined && numbers.every((number) => Number.isSafeInteger(Number(number)));
  if (!isRow || !isMoment(hour) || !hour.endsWith(":00Z") || count !== signatures - withdrawals) {
    throw new Invalid(`Row ${i + 1} of history.csv is not a full hour and four numbers that fit`);
  }
  return { hour, signatures, withdrawals, size };
}

/** Whether counts.csv begins with the log's total and has a row for each roll. Groups rest on the server's word. */
export function isOfLog(bytes, { count, rolls }) {
  const [head, ...rows] = readCsv(of("counts.csv", () => textOf(bytes)));
  if (!isList(head, COUNTS) || !rows.every((cells) => cells.length === 5 && /^\d{1,16}$/.test(cells[4]))) {
    throw new Invalid("counts.csv is not the table that it must be");
  }
  const said = rows.map(([, , field, option, number]) => JSON.stringify([typed(field), typed(option), Number(number)]));
  const logged = rolls.map((roll) => JSON.stringify(["roll", roll.name, roll.count])).sort();
  const hasRolls = isList(said.slice(1, 1 + rolls.length).sort(), logged);
  const told = ['["total","",', ...rolls.map(({ name }) => `["roll",${JSON.stringify(name)},`)];
  const isToldAgain = said.slice(1 + rolls.length).some((row) => told.some((beginning) => row.startsWith(beginning)));
  return said[0] === JSON.stringify(["total", "", count]) && hasRolls && !isToldAgain;
}

const isList = (one, other) => one?.length === other.length && one.every((cell, i) => cell === other[i]);

// Without the apostrophe that keeps spreadsheets from running a text, or from showing it as a date.
const typed = (cell) => cell.replace(/^'(?='*[=+\-@\t\r＝＋－＠]|[^]*\p{Nd})/u, "");

/** Rows of cells. Cells may be quoted. */
function readCsv(text) {
  const rows = [[]];
  const cell = /("(?:[^"]|"")*"|(?:[^",\r\n][^,\r\n]*)?)(,|\r\n|\n|\r|$)/y;
  while (cell.lastIndex < text.length || rows.at(-1).length) {
    const found = cell.exec(text);
    if (!found || found[1].length > LONGEST_CELL) throw new Invalid("counts.csv is not CSV");
    const [, raw, end] = found;
    rows.at(-1).push(raw.startsWith('"') ? raw.slice(1, -1).replace(/""/g, '"') : raw);
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  return rows.filter((row) => row.length);
}

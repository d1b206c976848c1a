// The numbers on the page and the pictures beside the log. They are no part of the proof, because a page can show
// anything; but most readers look only there.

const SHOWS_COUNT = { // where each shows the count: in an element that begins like this, among its numbers
  "index.html": /<([a-z0-9]+)\b[^<>]*\bid="?count["\s>]/,
  "badge.svg": /<(title)\b/,
  "chart.svg": /<(desc)\b/,
};
export const PAGES = Object.keys(SHOWS_COUNT);

const NUMBER = /\d{1,3}(?:[,.’'\u00a0\u202f\u066c]\d{2,3}){1,5}(?!\d)|\d{1,15}/g;
const HOUR = /(\d{4}-\d\d-\d\d)[T ](\d\d:00)Z?(?:\s*UTC)?/;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", rsquo: "’" };

/** Whether a page or picture shows this count; null if the place for it, or any number there, is missing. */
export function showsCount(path, text, count) {
  const place = SHOWS_COUNT[path].exec(text);
  const numbers = place ? numbersIn(wordsOf(elementAt(text, place))) : [];
  return numbers.length ? numbers.includes(count) : null;
}

/** The hours at which a page's table of updates has another count than history.csv. A row of that table is an hour
 * with nothing but numbers beside it. */
export function otherUpdates(text, rows) {
  const counts = new Map(rows.map((row) => [row.hour, row.signatures - row.withdrawals]));
  return text.split("<tr").slice(1).map((cells) => hourOfOther(cells.split("</tr")[0], counts)).filter(Boolean);
}

function hourOfOther(cells, counts) {
  const [, day, hour] = HOUR.exec(cells) || [];
  const expected = counts.get(`${day}T${hour}Z`);
  if (expected === undefined) return null;
  const rest = wordsOf(`<tr${cells}`).replace(new RegExp(HOUR, "g"), " ");
  const numbers = numbersIn(rest);
  return numbers.length && !/\p{L}/u.test(rest) && !numbers.includes(expected) ? `${day} ${hour} UTC` : null;
}

function elementAt(text, place) { // from its start tag to its end tag, or to the end of the text
  let depth = 0;
  for (const tag of text.slice(place.index).matchAll(new RegExp(`<(/?)${place[1]}\\b`, "g"))) {
    depth += tag[1] ? -1 : 1;
    if (depth === 0) return text.slice(place.index, place.index + tag.index);
  }
  return text.slice(place.index);
}

const ENTITY = /&(?:#(\d+);?|#x([0-9a-f]+);?|(\w+);)/gi;

function wordsOf(markup) {
  return markup.replace(/<[^<>]*>/g, " ").replace(ENTITY, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? whole;
    const point = decimal ? Number(decimal) : parseInt(hex, 16);
    return point < 0x110000 ? String.fromCodePoint(point) : whole;
  });
}

const numbersIn = (words) => (words.match(NUMBER) || []).map((number) => Number(number.replace(/\D/g, "")));

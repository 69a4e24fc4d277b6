/* What the page was given, its state, its words; names are only ever set as text.
   The page's scripts share one block, in the order words, drawing, cards, journey, page. */
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const shared = read("lc-shared"), data = read("lc-kind");
const { communities, palette, text, transit, timetable } = shared;
const facilities = data.facilities;
const query = new URLSearchParams(location.search);
const embedded = query.get("embed") === "1";
const framed = window.parent !== window && /^https?:$/.test(location.protocol);
const LANGUAGE_KEY = "lifecircle.lang";
const DETAIL_ZOOM = 16.5, ENTRANCE_ZOOM = 16;
const BY = ["point", "entrance", "gate", "street", "ring", "centroid"];
const HOMES_FROM = ["table", "buildings", "land", "streets"];
const VEHICLES = ["bus", "trolleybus", "tram", "light_rail", "subway", "train", "ferry", "other"];

const state = { lang: data.lang, limit: data.limit, view: "coverage", card: 0, district: "", open: null, chosen: -1 };
const stored = () => { try { return localStorage.getItem(LANGUAGE_KEY); } catch { return null; } };
for (const lang of [embedded ? null : stored(), query.get("lang")]) if (lang === "zh" || lang === "en") state.lang = lang;
if (query.get("limit") in data.coverage) state.limit = query.get("limit");

/* ---- words and numbers ---- */
const t = (key, fill) => {
  const words = (text[`${key}.${data.mode}`] || text[key] || { zh: key, en: key })[state.lang];
  return fill ? words.replace(/\{(\w+)\}/g, (all, name) => (name in fill ? String(fill[name]) : all)) : words;
};
const kindName = () => data.names[state.lang];
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const count = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : t("unknown"));
const percent = (share) => {
  if (!known(share)) return t("unknown");
  const p = 100 * share;
  return `${p === 0 || p === 100 ? p : Math.min(99.9, Math.max(0.1, p)).toFixed(1)}%`;
};
const minutes = (seconds) => (known(seconds) ? t("minutes_unit", { n: (seconds / 60).toFixed(1) }) : t("card_unreached"));
const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const el = (tag, className, words) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (words !== undefined) node.textContent = words;
  return node;
};
const append = (parent, ...children) => { parent.append(...children.filter(Boolean)); return parent; };
const row = (table, head, value, note) => {
  const line = el("tr");
  const cell = el("td", "", value);
  if (note) cell.append(el("small", "", note));
  append(line, el("th", "", head), cell);
  table.append(line);
};

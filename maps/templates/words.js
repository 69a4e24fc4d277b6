/* What the page was given, its state, its words; names are only ever set as text.
   The page's scripts share one block, in the order nodes, shell, controls, words, drawing, cards, journey, page. */
const shared = read("lc-shared"), data = read("lc-kind");
const { communities, palette, text, transit, timetable } = shared;
const facilities = data.facilities;
const DETAIL_ZOOM = 16.5, ENTRANCE_ZOOM = 16;
const BY = ["point", "entrance", "gate", "street", "ring", "centroid"];
const HOMES_FROM = ["table", "buildings", "land", "streets"];
const VEHICLES = ["bus", "trolleybus", "tram", "light_rail", "subway", "train", "ferry", "other"];

const state = { lang: data.lang, limit: data.limit, view: "coverage", card: 0, district: "", open: null, chosen: -1 };
for (const lang of [embedded ? null : stored(), query.get("lang")]) if (lang === "zh" || lang === "en") state.lang = lang;
if (query.get("limit") in data.coverage) state.limit = query.get("limit");

/* ---- words and numbers ---- */
const kindName = () => data.names[state.lang];
const count = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : t("unknown"));
const percent = (share) => {
  if (!known(share)) return t("unknown");
  const p = 100 * share;
  return `${p === 0 || p === 100 ? p : Math.min(99.9, Math.max(0.1, p)).toFixed(1)}%`;
};
const minutes = (seconds) => (known(seconds) ? t("minutes_unit", { n: (seconds / 60).toFixed(1) }) : t("card_unreached"));
const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

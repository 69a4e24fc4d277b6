// A level in one year in sentences, and its years side by side.

import { amount, count, drawStanding, el, known, limitText, metres, page, t, verdict } from "./words.js";
import { levelNow, state } from "./schools_state.js";
import { capital, nameLevel, nameSettling, sayLeast, sayParts, sayYear, sayYears, tellWithout, withoutPlace } from "./schools_words.js";

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 0.5;

/** The summary; `rows` are all levels and years of the area. */
export function drawSummary(root, rows, { chooseLevel, chooseYear, leaveCommunity }) {
  const series = rows.filter((row) => row.level === state.level).sort((a, b) => a.year - b.year);
  const row = series.find((one) => one.year === state.year);
  const level = levelNow();
  if (!row) {
    root.replaceChildren(el("p", "kicker", nameLevel(level)), el("p", "explain", t("schools_nothing_known")));
    return;
  }
  const area = row.scope === "city" ? t("all_districts") : row.name || row.area_id;
  const kicker = el("p", "kicker", t("schools_kicker", { area, level: nameLevel(level), year: sayYear(state.year) }));
  if (state.community) {
    const back = el("button", "leave", t("schools_leave", { area: state.district || t("all_districts") }));
    back.type = "button";
    back.addEventListener("click", leaveCommunity);
    kicker.append(" ", back);
  }
  root.replaceChildren(
    kicker, drawFigure(row), row.status === "not_applicable" ? "" : drawParts(row), drawSentences(row, series),
    drawYears(series, chooseYear), drawLevels(rows, chooseLevel),
  );
}

function drawFigure(row) {
  const { without, least: open, told } = tellWithout(row), nobody = row.status === "not_applicable";
  const words = nobody ? t("schools_no_children") : told ? t("schools_without") : t("schools_unknown");
  const number = nobody ? "0" : told ? count(without) : t("unknown");
  const least = !nobody && told && open && without >= LEAST ? el("small", "", t("schools_least", { n: "" })) : null;
  return el("p", told || nobody ? "figure" : "figure figure-unknown", el("strong", "", least, number), el("span", "", words, " ", told || nobody ? verdict(row.status) : ""));
}

/** What the children without a place are made of: no school within the walk, full schools, not to be told. */
function drawParts(row) {
  const { out, left, undecided, told } = tellWithout(row);
  if (!told) return "";
  const part = (name, n) => el("span", "", el("i", `dot dot-${name}`), t(`schools_key_${name}`), " ", el("b", "", count(n)));
  const parts = [part("out", out), part("full", left)];
  if (undecided >= LEAST) parts.push(part("undecided", undecided));
  return el("p", "bar-legend figure-parts", ...parts);
}

function drawSentences(row, series) {
  const lines = [];
  const add = (...parts) => lines.push(el("li", "", ...parts));
  const places = known(row.places) ? t("schools_places_n", { n: count(row.places) }) : t("schools_places_unknown");
  const free = known(row.free) ? t("schools_free_n", { n: count(row.free) }) : "";
  add(capital([known(row.children) ? t("schools_children_n", { n: count(row.children) }) : t("schools_children_unknown"), places, free].filter(Boolean).join(t("comma"))), t("period"));
  const { undecided } = tellWithout(row);
  if (undecided >= LEAST) add(t("schools_left_possible", { n: count(undecided) }));
  if (known(row.walk_mean_m)) add(t("schools_walks", { mean: metres(row.walk_mean_m), p90: metres(row.walk_p90_m) }), t("period"));
  add(el("b", "", saySpan(series)));
  add(...drawLimit(levelNow()));
  const settling = row.status === "unknown" ? nameSettling(row.settled_by) : "";
  if (settling) lines.push(el("li", "settling", t("settled_by", { what: settling })));
  return el("ul", "sentences", ...lines);
}

/** The walk of a level, how far that is at a child's pace, and how well either is known. */
function drawLimit(limit) {
  const pace = limit.limit_unit === "min" && known(page.child_m_s) ? t("schools_limit_pace", { pace: page.child_m_s, far: metres(60 * limit.limit * page.child_m_s) }) : "";
  return [t("schools_limit", { limit: limitText(limit) }), pace, " ", drawStanding(limit.limit_status), " ", t("schools_limit_everybody"), " ", drawStanding("derived")];
}

/** When the shortage begins and ends, and where it cannot be told. */
function saySpan(series) {
  const short = series.filter((row) => row.status === "gap"), last = series[series.length - 1].year;
  const open = series.filter((row) => row.status === "unknown").map((row) => row.year);
  const unsure = open.length ? t("schools_span_unknown", { years: sayYears(open) }) : "";
  if (!short.length) return unsure || t("schools_span_none", { from: series[0].year, to: last });
  const peak = short.reduce((most, row) => (withoutPlace(row) > withoutPlace(most) ? row : most));
  const begins = short[0].year, ends = short[short.length - 1].year;
  const when = sayYears(short.map((row) => row.year));
  const end = ends === last ? t("schools_span_horizon") : open.includes(ends + 1) ? "" : t("schools_span_ends", { year: sayYear(ends + 1) });
  const worst = tellWithout(peak), n = worst.least ? t("schools_least", { n: count(worst.without) }) : count(worst.without);
  const most = begins === ends ? t("schools_span_one", { n }) : t("schools_span_peak", { year: sayYear(peak.year), n });
  return [t("schools_span", { when }) + end, most, unsure].filter(Boolean).join(t("stop")) + t("period");
}

/** The years as bars: children with a place, without one for either reason, in doubt; and the places there are. */
function drawYears(series, chooseYear) {
  if (!series.some((row) => known(row.children))) return "";
  const top = Math.max(1, ...series.map((row) => Math.max(row.children || 0, row.places || 0)));
  const width = 30, high = 44, plot = document.createElementNS(SVG, "svg");
  plot.setAttribute("viewBox", `0 0 ${width * series.length} ${high + 16}`);
  plot.setAttribute("class", "year-bars");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", saySpan(series));
  const add = (group, name, className, values, text = "") => {
    const node = document.createElementNS(SVG, name);
    if (className) node.setAttribute("class", className);
    for (const [key, value] of Object.entries(values)) node.setAttribute(key, value);
    node.textContent = text;
    group.append(node);
    return node;
  };
  const hatch = add(add(plot, "defs", "", {}), "pattern", "", { id: "year-hatch", width: 3, height: 3, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  add(hatch, "rect", "year-hatch-ground", { width: 3, height: 3 });
  add(hatch, "rect", "year-hatch-stripe", { width: 1.1, height: 3 });
  const drawn = new Set();
  series.forEach((row, n) => {
    const left = n * width, group = add(plot, "g", row.year === state.year ? "now" : "", {});
    const { out, left: full, undecided, told } = tellWithout(row), tall = (n) => Math.max(0, (high * n) / top);
    const doubt = row.status === "unknown" && undecided < LEAST ? Math.max(0, (row.children || 0) - out - full - (row.placed || 0)) : undecided;
    const children = row.children || out + full + doubt;
    add(group, "rect", "year-area", { x: left + 1, y: 0, width: width - 2, height: high + 16 });
    let from = high;
    for (const [name, n] of [["placed", children - out - full - doubt], ["undecided", doubt], ["full", full], ["without", told ? out : 0]]) {
      if (!(n >= LEAST)) continue;
      from -= tall(n);
      add(group, "rect", `year-${name}`, { x: left + 6, y: from, width: width - 12, height: tall(n), ...(name === "undecided" ? { fill: "url(#year-hatch)" } : {}) });
      drawn.add(name);
    }
    if (known(row.places)) drawn.add("places");
    if (known(row.places)) add(group, "path", "year-places", { d: `M${left + 3} ${high - (high * row.places) / top}h${width - 6}` });
    add(group, "text", "", { x: left + width / 2, y: high + 12 }, String(row.year));
    add(group, "title", "", {}, sayRow(row));
    group.addEventListener("click", () => chooseYear(row.year));
  });
  const key = (name, word = name) => (drawn.has(name) ? el("span", "", el("i", `dot dot-${word}`), t(`schools_key_${word}`)) : null);
  const legend = el("p", "bar-legend year-legend", key("placed"), key("undecided"), key("full"), key("without", "out"), key("places"));
  return el("div", "block years", el("h3", "", t("schools_by_year")), plot, legend);
}

function sayRow(row) {
  const found = tellWithout(row), parts = sayParts(found);
  const without = found.told ? sayLeast(found.without, found.least) + (parts ? `${t("open_bracket")}${parts}${t("close_bracket")}` : "") : t("unknown");
  return t("schools_bar", { year: sayYear(row.year), children: known(row.children) ? amount(row.children, "children") : t("unknown"), without, status: t(`status_${row.status}`) });
}

/** All levels in the year looked at; each can be chosen. */
function drawLevels(rows, chooseLevel) {
  const head = el("tr", "", ...["level", "children", "places", "without", "verdict"].map((name) => {
    const cell = el("th", name === "level" || name === "verdict" ? "" : "num", t(`schools_col_${name}`));
    cell.scope = "col";
    return cell;
  }));
  const body = el("tbody");
  for (const level of page.levels) {
    const row = rows.find((one) => one.level === level.code && one.year === state.year);
    if (!row) continue;
    const name = el("button", "kind-name", nameLevel(level));
    name.type = "button";
    name.addEventListener("click", () => chooseLevel(level.code));
    const found = tellWithout(row), parts = found.told ? sayParts(found) : "";
    const cell = (value, words) => el("td", known(value) ? "num" : "num quiet", known(value) ? words : t("unknown"));
    const without = cell(found.told ? found.without : null, sayLeast(found.without, found.least));
    if (parts) without.append(el("small", "", parts));
    body.append(el("tr", level.code === state.level ? "now" : "", el("td", "", name), cell(row.children, count(row.children)), cell(row.places, count(row.places)), without, el("td", "", verdict(row.status))));
  }
  const title = t("schools_all_levels", { year: sayYear(state.year) });
  const table = el("table", "kinds levels", el("thead", "", head), body);
  table.setAttribute("aria-label", title);
  return el("div", "block", el("h3", "", title), table);
}


// What it would cost to give a parcel up: asked for with a button, and undone with another.

import { count, el, known, metres, page, pick, t } from "./words.js";
import { askRelease } from "./schools_answers.js";
import { state } from "./schools_state.js";
import { nameLevel, nameSchool, nameSettling, sayYear } from "./schools_words.js";

const LEAST = 0.5, FEW = 8;
const SVG = "http://www.w3.org/2000/svg";

/** Parcels that are lost already: nothing is given up with them. */
const LOST = ["re-zoned", "occupied"];

/** The block of a parcel's card; it answers at once where the address asks for it. */
export function drawRelease({ parcel, findings }, doing) {
  const block = el("section", "block release");
  if (LOST.includes(parcel.status)) {
    const serves = findings.find((one) => one.finding === "serves");
    block.append(el("h3", "", t("schools_restored")), el("p", "", t("schools_restored_note", { status: pick(parcel, "status") })));
    if (serves) block.append(el("p", "release-reason", pick({ reason_zh: serves.reason, reason_en: serves.reason_en }, "reason")));
    return block;
  }
  const start = () => {
    block.replaceChildren(el("h3", "", t("schools_release")), el("p", "quiet", t("schools_release_asks")), button("release-run", t("schools_release_run"), () => run({ asked: true })));
  };
  const run = async ({ asked = false } = {}) => {
    block.setAttribute("aria-busy", "true");
    try {
      const found = await askRelease(parcel.parcel_id);
      if (state.parcel !== parcel.parcel_id) return;
      if (asked) doing.released(found);
      else doing.linked(found);
      block.replaceChildren(...drawResult(found, doing, undo));
      doing.mark(found);
      if (asked) block.querySelector(".release-undo").focus({ preventScroll: true });
    } catch (error) {
      block.append(el("p", "explain", t("failed", { why: error.message })));
    }
    block.removeAttribute("aria-busy");
  };
  const undo = () => {
    doing.undone();
    start();
    block.querySelector("button").focus({ preventScroll: true });
  };
  start();
  if (state.release) run();
  return block;
}

function button(className, words, press) {
  const one = el("button", className, words);
  one.type = "button";
  one.addEventListener("click", press);
  return one;
}

function drawResult(found, doing, undo) {
  const reason = el("p", "release-reason", pick({ reason_zh: found.reason_zh, reason_en: found.reason_en }, "reason"));
  reason.setAttribute("role", "status");
  const head = el("div", "release-head", el("h3", "", t("schools_release_of", { id: found.parcel_id })), button("release-undo", t("schools_release_undo"), undo));
  const parts = [head, reason];
  if (found.status === "unknown" && found.settled_by) parts.push(el("p", "gap-settled", t("settled_by", { what: nameSettling(found.settled_by) })));
  for (const level of page.levels) {
    const totals = found.totals.filter((row) => row.level === level.code);
    if (!totals.some((row) => row.lost >= LEAST || row.moved >= LEAST || row.lost_possible >= LEAST)) continue;
    const first = totals.findIndex((row) => row.lost >= LEAST || row.moved >= LEAST || row.lost_possible >= LEAST);
    const communities = found.communities.filter((row) => row.level === level.code);
    parts.push(el("h4", "", nameLevel(level)), drawTotals(totals.slice(first), doing), drawCommunities(communities, doing));
  }
  if (found.schools.length) parts.push(drawSchools(found.schools));
  parts.push(el("p", "quiet", t("schools_release_note", { n: known(found.seconds) ? found.seconds.toFixed(2) : "–" })));
  return parts;
}

/** One row per year, with a bar; the year looked at is marked, and any can be chosen. */
function drawTotals(totals, doing) {
  const top = Math.max(1, ...totals.map((row) => row.lost + row.moved));
  const head = drawHead("year", "lost", "moved", "walk");
  const body = el("tbody");
  for (const row of totals) {
    const year = button("kind-name", sayYear(row.year), () => doing.chooseYear(row.year));
    const walk = known(row.lost) && row.lost < LEAST && row.moved < LEAST ? t("schools_unchanged") : t("schools_walk_change", { before: sayWalk(row.walk_before_m), after: sayWalk(row.walk_after_m) });
    const line = el("tr", row.year === state.year ? "now" : "", el("td", "", year), drawNumber(row.lost, row.lost_possible), drawNumber(row.moved), el("td", "num", walk), el("td", "release-bar", drawBar(row, top)));
    line.dataset.year = String(row.year);
    body.append(line);
  }
  const bars = el("th", "release-bar", el("span", "unseen", t("schools_col_bars")));
  head.append(bars);
  const table = el("table", "kinds release-years", el("thead", "", head), body);
  table.setAttribute("aria-label", t("schools_release_years"));
  return table;
}

function drawHead(...names) {
  return el("tr", "", ...names.map((name, n) => {
    const cell = el("th", n ? "num" : "", t(`schools_col_${name}`));
    cell.scope = "col";
    return cell;
  }));
}

const sayWalk = (value) => (known(value) ? metres(value) : t("unknown"));

function drawNumber(value, possible) {
  const more = known(possible) && possible - value >= LEAST ? t("schools_up_to", { n: count(possible) }) : "";
  return el("td", known(value) ? "num" : "num quiet", count(value), more ? el("small", "", more) : null);
}

function drawBar(row, top) {
  const plot = document.createElementNS(SVG, "svg");
  plot.setAttribute("viewBox", "0 0 100 10");
  plot.setAttribute("preserveAspectRatio", "none");
  plot.setAttribute("aria-hidden", "true");
  let left = 0;
  for (const [name, value] of [["year-without", row.lost], ["year-moved", row.moved]]) {
    const bar = document.createElementNS(SVG, "rect");
    const width = (100 * Math.max(0, value)) / top;
    for (const [key, number] of Object.entries({ x: left, y: 1, width, height: 8 })) bar.setAttribute(key, number);
    bar.setAttribute("class", name);
    plot.append(bar);
    left += width;
  }
  return plot;
}

/** Who loses: a row per community with its first year and its worst. */
function drawCommunities(rows, doing) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row.community_id)) groups.set(row.community_id, []);
    groups.get(row.community_id).push(row);
  }
  if (!groups.size) return "";
  const lines = [...groups.values()].map((group) => {
    const felt = group.filter((row) => row.lost >= LEAST || row.moved >= LEAST);
    const most = (stem) => Math.max(0, ...group.map((row) => row[stem]));
    return { id: group[0].community_id, name: group[0].name || group[0].community_id, from: felt.length ? Math.min(...felt.map((row) => row.year)) : null, lost: most("lost"), possible: most("lost_possible"), moved: most("moved") };
  }).sort((a, b) => b.lost - a.lost || b.moved - a.moved);
  const body = el("tbody");
  const show = (some) => body.replaceChildren(...some.map((one) => {
    const name = button("kind-name", one.name, () => doing.focusCommunity(one.id));
    return el("tr", "", el("td", "", name), el("td", "num", one.from === null ? "–" : sayYear(one.from)), drawNumber(one.lost, one.possible), drawNumber(one.moved));
  }));
  show(lines.slice(0, FEW));
  const table = el("table", "kinds release-communities", el("thead", "", drawHead("loser", "from", "lost_most", "moved_most")), body);
  table.setAttribute("aria-label", t("schools_release_communities"));
  const box = el("div", "", table);
  if (lines.length > FEW) {
    const more = button("more", t("show_more", { n: lines.length - FEW }), () => { show(lines); more.remove(); });
    box.append(more);
  }
  return box;
}

function drawSchools(schools) {
  const list = el("ul", "notices");
  for (const one of schools) {
    const before = known(one.full_before) ? t("schools_full_before", { year: sayYear(one.full_before) }) : t("schools_full_never");
    list.append(el("li", "", el("b", "", nameSchool(one)), t("colon"), t("schools_full", { year: sayYear(one.full_after) }), before));
  }
  return el("div", "", el("h4", "", t("schools_fill_up")), list);
}

// Circles and types over the city: one card's communities, districts ranked by it, and the targets.

import { drawSheetLink } from "./links.js";
import { drawRules, drawStandings, findPack, listPacks, packTitle, VERDICTS } from "./rules.js";
import { ask, state } from "./state.js";
import { amount, count, drawStanding, el, known, page, percent, pick, t, verdict } from "./words.js";

const LEVELS = ["district", "subdistrict"];
const FEW_AREAS = 12;
const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });
const sort = { by: "rank", falling: false };
const unfolded = { rules: false, targets: false, areas: false };

/** Cards one can look at: those of every pack, and the size check. */
export function listCards() {
  const cards = listPacks().flatMap((pack) => pack.cards.map((card) => ({ ...card, judged: VERDICTS.some((status) => card.verdicts[status]) })));
  return cards.filter((card) => card.judged);
}

export const findCard = (code) => listCards().find((card) => card.code === code) || null;

/** The card looked at first: the first circle of the first pack that has one. */
export const firstCard = () => (listCards().find((card) => card.about === "circle") || listCards()[0] || { code: "" }).code;

/** Everything the view needs, asked for at once. */
export async function readScores() {
  const { card, district } = state;
  const [verdicts, own, areas, targets] = await Promise.all([
    ask("/v1/verdicts", { card, district }),
    district ? ask("/v1/scorecards", { level: "district", card, district }) : ask("/v1/scorecards", { level: "city", card }),
    ask("/v1/scorecards", { level: level(), card, district: level() === "district" ? "" : district }),
    ask("/v1/targets", district ? { district } : { level: "city" }),
  ]);
  return { verdicts, own: own.items[0] || null, areas: areas.items, targets: targets.items };
}

const offered = () => LEVELS.filter((one) => one !== "district" || page.city.districts.length).filter((one) => one !== "subdistrict" || page.city.subdistricts.length);
const level = () => (offered().includes(state.level) ? state.level : offered()[0] || "district");

/**
 * Draw the view: `found` of `readScores`, the rules of the card with the verdicts counted, and what
 * choosing a card, a level or an area does.
 */
export function drawScores(root, found, rules, { chooseCard, chooseLevel, chooseArea }) {
  const card = findCard(state.card);
  root.replaceChildren(...[
    drawPicker(chooseCard),
    ...drawFigure(found, card, rules),
    found.areas.length > 1 || offered().length > 1 ? drawAreas(found.areas, chooseLevel, chooseArea) : null,
    found.targets.length ? drawTargets(found.targets) : null,
    drawBasis(card, rules),
  ].filter(Boolean));
}

function drawPicker(chooseCard) {
  const select = el("select");
  for (const pack of listPacks()) {
    const cards = listCards().filter((card) => card.pack === pack.code);
    if (!cards.length) continue;
    const group = el("optgroup");
    group.label = packTitle(pack.code);
    group.append(...cards.map((card) => { const one = el("option", "", pick(card, "title")); one.value = card.code; return one; }));
    select.append(group);
  }
  const check = el("option", "", t("size_check"));
  check.value = "size";
  select.append(check);
  select.value = state.card;
  select.id = "card";
  select.addEventListener("change", () => chooseCard(select.value));
  return el("label", "field field-card", t("card"), select);
}

/** So many communities meet it, may meet it, and do not; then the share of households. */
function drawFigure({ verdicts, own }, card, rules) {
  const counts = verdicts.by_status, judged = applies(counts);
  const name = card ? pick(card, "title") : t("size_check");
  const area = state.district || t("all_districts");
  const kicker = el("p", "kicker", [area, card ? packTitle(card.pack) : ""].filter(Boolean).join(" · "), " ", ...drawStandings(rules));
  if (!judged) return [kicker, el("p", "figure figure-unknown", el("strong", "", "–"), el("span", "", t("score_nowhere", { name })))];
  const figure = el("p", "figure", el("strong", "", String(counts.met), el("small", "", ` / ${judged}`)), el("span", "", t(card ? "score_met" : "score_fits", { name })));
  const legend = el("p", "bar-legend", ...VERDICTS.filter((status) => counts[status]).map((status) => el("span", "", verdict(status), ` ${counts[status]}`)));
  const parts = [kicker, figure, drawStack(counts), legend];
  if (own && known(own.share_low)) parts.push(el("p", "quiet", sayShare(own)));
  return parts;
}

/** Both bounds of a share: what surely meets it, and what would if all that is undecided did. */
function sayShare(row) {
  const basis = t(`basis_${row.basis}`), low = percent(row.share_low);
  if (!row.unknown) return t("share_sure", { basis, low });
  return t("share_bounds", { basis, low, high: percent(row.share_high) });
}

const shareText = (row) => (!known(row.share_low) ? "–" : row.unknown && percent(row.share_low) !== percent(row.share_high) ? `${percent(row.share_low)}–${percent(row.share_high)}` : percent(row.share_low));

function drawStack(counts) {
  const whole = applies(counts);
  const bar = el("span", "stack");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", ["met", "unknown", "gap"].map((status) => `${t(`status_${status}`)} ${counts[status]}`).join(t("comma")));
  for (const status of ["met", "unknown", "gap"]) {
    if (!counts[status]) continue;
    const part = el("i", `stack-${status}`);
    part.style.flexGrow = String(counts[status] / whole);
    bar.append(part);
  }
  return bar;
}

/* ---- districts and subdistricts ---- */
const applies = (row) => row.met + row.gap + row.unknown;
const AREA_ORDER = {
  rank: (row) => (known(row.rank) ? row.rank : Infinity),
  share: (row, mixed) => (!applies(row) ? Infinity : mixed ? -row.met / applies(row) : -row.share_low),
  gap: (row) => -row.gap,
};
/** Whether some areas count households and others communities, for want of households. */
const isMixed = (rows) => new Set(rows.filter((row) => known(row.share_low)).map((row) => row.basis)).size > 1;

function sortAreas(rows) {
  const sign = sort.falling ? -1 : 1, name = (a, b) => collator.compare(a.area, b.area);
  if (sort.by === "name") return [...rows].sort((a, b) => sign * name(a, b));
  const mixed = isMixed(rows), value = (row) => AREA_ORDER[sort.by](row, mixed);
  return [...rows].sort((a, b) => {
    const first = value(a), second = value(b);
    if (Number.isFinite(first) !== Number.isFinite(second)) return Number.isFinite(first) ? -1 : 1;
    return (Number.isFinite(first) ? sign * (first - second) : 0) || name(a, b);
  });
}

function drawAreas(rows, chooseLevel, chooseArea) {
  const block = el("section", "block areas", el("h2", "", t("areas")));
  if (offered().length > 1) {
    const row = el("div", "segment-row");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", t("areas"));
    row.append(...offered().map((one) => {
      const button = el("button", one === level() ? "now" : "", t(`level_${one}`));
      button.type = "button";
      button.dataset.level = one;
      button.setAttribute("aria-pressed", String(one === level()));
      button.addEventListener("click", () => chooseLevel(one));
      return button;
    }));
    block.append(row);
  }
  const body = el("tbody");
  const draw = () => {
    const sorted = sortAreas(rows), shown = unfolded.areas ? sorted : sorted.slice(0, FEW_AREAS);
    const lines = shown.map((row) => drawArea(row, chooseArea, isMixed(rows)));
    if (shown.length < sorted.length) {
      const more = el("button", "more", t("show_more", { n: sorted.length - shown.length }));
      more.type = "button";
      more.addEventListener("click", () => { unfolded.areas = true; draw(); });
      const cell = el("td", "", more);
      cell.colSpan = 5;
      lines.push(el("tr", "", cell));
    }
    body.replaceChildren(...lines);
  };
  draw();
  block.append(el("table", "area-table", el("thead", "", drawHeads(draw)), body), el("p", "quiet", t(isMixed(rows) ? "areas_note_mixed" : "areas_note")));
  return block;
}

function drawHeads(draw) {
  const line = el("tr");
  for (const [column, words] of [["rank", "area_rank"], ["name", `level_${level()}`], ["gap", "in_communities"], ["share", "area_share"]]) {
    const button = el("button", "", t(words));
    button.type = "button";
    button.title = t("sort_hint");
    const head = el("th", `area-${column}`, button);
    head.scope = "col";
    const mark = () => {
      for (const one of line.children) one.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sort.falling ? "descending" : "ascending");
    };
    if (sort.by === column) mark();
    button.addEventListener("click", () => {
      sort.falling = sort.by === column ? !sort.falling : false;
      sort.by = column;
      mark();
      draw();
    });
    line.append(head);
  }
  line.append(el("th", "", el("span", "unseen", t("print"))));
  return line;
}

function drawArea(row, chooseArea, mixed) {
  const now = row.level === "district" && row.area === state.district;
  const name = el("button", "area-button", areaName(row.area));
  name.type = "button";
  if (now) name.setAttribute("aria-current", "true");
  name.addEventListener("click", () => chooseArea(row));
  const cell = el("td", "area-name", name);
  if (row.level === "subdistrict" && row.district && !state.district) cell.append(el("small", "", areaName(row.district)));
  const counts = el("td", "area-gap", drawStack(row), el("small", "", t("area_counts", { met: row.met, all: applies(row) })));
  const sheet = el("td", "area-print", row.level === "district" ? drawSheetLink(`/sheets/district/${encodeURIComponent(row.area)}`) : "");
  return el("tr", now ? "now" : "", el("td", "area-rank", known(row.rank) ? String(row.rank) : "–"), cell, counts, el("td", "area-share", shareText(row), mixed && known(row.share_low) ? el("small", "", t(`by_${row.basis}`)) : ""), sheet);
}

/** Communities whose district nobody wrote down are gathered under a name of ours. */
const areaName = (name) => (name === "未注明" ? t("area_unnamed") : name);

/* ---- targets ---- */
function drawTargets(rows) {
  const block = el("section", "block", el("h2", "", t("targets")));
  const ordered = [...rows].sort((a, b) => VERDICTS.indexOf(a.status) - VERDICTS.indexOf(b.status));
  const first = ordered.slice(0, 3), rest = ordered.slice(3);
  block.append(...first.map(drawTarget));
  if (rest.length) {
    const fold = el("details", "fold", el("summary", "", t("targets_more", { n: rest.length })), ...rest.map(drawTarget));
    fold.open = unfolded.targets;
    fold.addEventListener("toggle", () => { unfolded.targets = fold.open; });
    block.append(fold);
  }
  return block;
}

/** Whether there is a figure to show: nothing found and nobody knowing how much more there may be is none. */
const isFound = (row) => known(row.found) && (row.status !== "unknown" || known(row.possible) || row.found > 0);
/** A target as it was written down: 30 %, not 30.0 %. */
const asked = (row) => (row.unit === "share" ? `${Number((100 * row.needed).toFixed(1))}%` : amount(row.needed, row.unit));

function drawTarget(row) {
  const figures = isFound(row)
    ? t(known(row.possible) ? (row.possible > row.found ? "target_bounds" : "target_sure") : row.status === "unknown" ? "target_least" : "target_sure", { needed: asked(row), found: amount(row.found, row.unit), possible: amount(row.possible, row.unit) })
    : t("target_needed", { needed: asked(row) });
  return el("div", "rule target",
    el("p", "rule-title", verdict(row.status), " ", pick(row, "title")),
    el("p", "target-figures", figures),
    el("p", "quiet", pick({ reason_zh: row.reason, reason_en: row.reason_en }, "reason"), " ", row.overlaid ? el("em", "standing standing-overlaid", t("overlaid")) : null, drawStanding(row.source_status)));
}

/* ---- what stands behind the card ---- */
function drawBasis(card, rules) {
  if (!card) return el("p", "quiet", t("size_note", { low: count(page.city.sizes.undersize), high: count(page.city.sizes.oversize) }));
  const pack = findPack(card.pack), note = pick(card, "note");
  const fold = el("details", "fold card-rules", el("summary", "", t("card_rules", { n: rules.length })), note ? el("p", "quiet", note) : "", ...drawRules(rules));
  fold.open = unfolded.rules;
  fold.addEventListener("toggle", () => { unfolded.rules = fold.open; });
  return el("section", "block", el("h2", "", t("card_basis")), el("p", "quiet", [pick(pack, "title"), pick(pack, "legal_force")].filter(Boolean).join(" · ")), fold);
}

// Verdicts of rules: one under the other, with what is missing, why, and how far it can be trusted.

import { ask } from "./state.js";
import { amount, count, drawStanding, el, known, metres, pick, t, verdict } from "./words.js";

export const ORDER = { gap: 0, unknown: 1, met: 2, not_applicable: 3 };
export const VERDICTS = Object.keys(ORDER);

const packs = new Map(), answers = new Map();

/** Packs of the run as /v1/standards lists them, kept for titles, figures and sources. */
export function keepStandards(items) {
  for (const pack of items) {
    packs.set(pack.code, pack);
    for (const rule of pack.rules) answers.set(`${pack.code} ${rule.code}`, rule);
  }
}

export const listPacks = () => [...packs.values()];
export const listRules = () => [...answers.values()];
export const findRule = (row) => answers.get(`${row.pack} ${row.rule || row.code}`) || {};
export const findPack = (code) => packs.get(code) || {};

/** Title of a pack without what stands in brackets behind it. */
export const packTitle = (code) => pick(findPack(code), "title").replace(/\s*[（(][^（）()]*[）)]\s*$/, "") || code;

/** Rows grouped by pack, in the order of the run's packs. */
export function groupByPack(rows) {
  const order = [...packs.keys()], groups = new Map();
  const place = (row) => (order.indexOf(row.pack) + order.length + 1) % (order.length + 1);
  for (const row of [...rows].sort((a, b) => place(a) - place(b))) groups.set(row.pack, [...(groups.get(row.pack) || []), row]);
  return groups;
}

/** How often each verdict stands there: `▲ 2 ? 1 ✓ 5`; with words where there is room. */
export function drawTally(counts, { words = false } = {}) {
  const parts = VERDICTS.filter((status) => counts[status]).map((status) => el("span", "", verdict(status, { words }), ` ${counts[status]}`));
  return el("span", "rule-counts", ...parts);
}

export function tally(rows) {
  const counts = { gap: 0, unknown: 0, met: 0, not_applicable: 0 };
  for (const row of rows) counts[row.status] += 1;
  return counts;
}

const SURENESS = ["primary", "secondary", "derived", "unverified"];

/** The least sure standing of these rules, and whether some of their figures are the city's own. */
export function drawStandings(rules) {
  const least = Math.max(-1, ...rules.map((rule) => SURENESS.indexOf((rule.source || {}).status)));
  const own = rules.some((rule) => rule.overlaid || Object.values(rule.values || {}).some((value) => value.original));
  return [least > 0 ? drawStanding(SURENESS[least]) : null, own ? el("em", "standing standing-overlaid", t("overlaid")) : null].filter(Boolean);
}

/** Figures the city put in place of the standard's, each beside the other. */
function drawOverlaid(rule) {
  const changed = Object.entries(rule.values || {}).filter(([, value]) => value.original);
  if (!changed.length) return null;
  const words = changed.map(([, value]) => t("overlaid_value", { own: amount(value.value, value.unit), standard: amount(value.original.value, value.original.unit) }));
  return el("p", "gap-overlaid", el("em", "standing standing-overlaid", t("overlaid")), " ", words.join(t("comma")));
}

/** Verdicts, those to act on first; what is met or does not apply is folded away. */
export function drawGaps(rows) {
  const sorted = [...rows].sort((a, b) => ORDER[a.status] - ORDER[b.status]);
  const open = sorted.filter((gap) => gap.status === "gap" || gap.status === "unknown");
  const parts = open.map(drawGap);
  for (const status of ["met", "not_applicable"]) {
    const these = sorted.filter((gap) => gap.status === status);
    if (!these.length) continue;
    const fold = el("details", "fold", el("summary", "", verdict(status), ` ${these.length}`));
    fold.append(...these.map(drawGap));
    parts.push(fold);
  }
  return parts;
}

/** Shares differ by points, not by per cent. */
const sayShortfall = (gap) => (gap.unit === "share" ? t("shortfall_points", { n: (100 * gap.shortfall).toFixed(1) }) : t("shortfall", { n: amount(gap.shortfall, gap.unit) }));

export function drawGap(gap) {
  const rule = findRule(gap), facts = [];
  if (gap.status === "gap") {
    if (gap.cause) facts.push(t(`cause_${gap.cause}`));
    if (known(gap.shortfall) && gap.shortfall > 0) facts.push(sayShortfall(gap));
    if (known(gap.households_affected) && gap.households_affected > 0) facts.push(t("affected", { n: count(gap.households_affected) }));
    if (known(gap.detour_factor)) facts.push(t("detour", { n: gap.detour_factor.toFixed(1) }));
    if (gap.barrier_kind) facts.push(t("barrier", { name: gap.barrier_name || t(`barrier_${gap.barrier_kind}`) }));
    if (gap.nearest_facility_id && known(gap.nearest_m)) facts.push(t("nearest_to", { name: gap.nearest_facility_name || t("unnamed"), m: metres(gap.nearest_m) }));
  }
  const settled = gap.status === "unknown" && pick(gap, "settled");
  const source = [pick({ document_zh: gap.source_document, document_en: gap.source_document_en }, "document"), gap.source_clause].filter(Boolean).join(" ");
  const force = rule.force ? t(`force_${rule.force}`) : "";
  const box = el(
    "div", "gap",
    el("p", "gap-title", verdict(gap.status), " ", pick(gap, "rule_title")),
    el("p", "gap-reason", pick({ reason_zh: gap.reason, reason_en: gap.reason_en }, "reason")),
    facts.length ? el("p", "gap-facts", facts.join(" · ")) : null,
    settled ? el("p", "gap-settled", t("settled_by", { what: settled })) : null,
    gap.overlaid ? drawOverlaid(rule) : null,
    el("p", "quiet", [force, source].filter(Boolean).join(" · "), " ", drawStanding(gap.source_status)),
  );
  box.append(drawExplanation(gap));
  return box;
}

/** Paragraphs of an explanation that stand above it anyway. */
const SHOWN = ["verdict", "settled"];

/** The reasoning behind one verdict, asked for when it is unfolded. */
function drawExplanation(gap) {
  const fold = el("details", "fold explain-fold", el("summary", "", t("explain")));
  fold.addEventListener("toggle", async () => {
    if (!fold.open || fold.childElementCount > 1) return;
    const body = el("div", "explanation", el("p", "quiet", t("loading")));
    fold.append(body);
    try {
      const found = await ask("/v1/explain", { community: gap.community_id, rule: gap.rule });
      const told = found.paragraphs.filter((one) => !SHOWN.includes(one.topic));
      body.replaceChildren(...told.map((one) => el("p", "", el("b", "", pick(one, "title")), pick(one, "text"))));
    } catch (error) {
      body.replaceChildren(el("p", "explain", t("failed", { why: error.message })));
    }
  });
  fold.addEventListener("click", (event) => event.stopPropagation());
  return fold;
}

/* ---- rules over many communities ---- */
/**
 * The rules on a kind or a card, pack by pack, each with the communities per verdict; `unfolded` keeps
 * which packs a reader has opened or closed.
 */
export function drawRules(rules, unfolded = new Map()) {
  const groups = groupByPack(rules), few = groups.size === 1;
  return [...groups].map(([code, group], n) => {
    if (few) return el("div", "pack", ...drawAnswers(group));
    const fold = el("details", "fold pack", el("summary", "", packTitle(code), el("span", "quiet", ` ${t("rules_count", { n: group.length })}`)), ...drawAnswers(group));
    fold.open = unfolded.has(code) ? unfolded.get(code) : n === 0;
    fold.addEventListener("toggle", () => unfolded.set(code, fold.open));
    return fold;
  });
}

/** The answers of one rule under its title, side by side and never added up; then the source. */
function drawAnswers(rules) {
  const groups = new Map();
  for (const rule of rules) groups.set(rule.rule || rule.code, [...(groups.get(rule.rule || rule.code) || []), rule]);
  return [...groups.values()].map((group) => {
    const [first] = group;
    if (group.length === 1) return el("div", "rule", el("p", "rule-title", pick(first, "title")), drawTally(first.here, { words: true }), ...drawSource(first));
    const parts = group.map((rule) => /^(.*?)\s*[（(]([^（）()]*)[）)]$/.exec(pick(rule, "title")) || [null, pick(rule, "title"), ""]);
    const lines = group.map((rule, n) => el("div", "rule-answer", el("span", "", parts[n][2] || parts[n][1]), drawTally(rule.here, { words: true })));
    return el("div", "rule", el("p", "rule-title", parts[0][1]), ...lines, ...drawSource(first));
  });
}

function drawSource(rule) {
  const source = rule.source || {}, document_ = pick(source, "document");
  const line = document_ ? t("rule_source", { document: document_, clause: source.clause || "" }).trim() : "";
  const force = rule.force ? `${t(`force_${rule.force}`)} · ` : "";
  return [el("p", "quiet", force, line, " ", drawStanding(source.status)), drawOverlaid(rule)].filter(Boolean);
}

/** Rules with the verdicts counted by /v1/verdicts; those without any are left out. */
export function tallyRules(counted) {
  return counted.map((one) => ({ ...findRule(one), pack: one.pack, code: one.code, here: one.by_status }));
}

// Everything known about one community.

import { drawJourney } from "./journey.js";
import { state } from "./state.js";
import { count, duration, el, known, language, limitText, metres, page, percent, pick, swatch, t, verdict } from "./words.js";

const ORDER = { gap: 0, unknown: 1, met: 2, not_applicable: 3 };

export function drawCard(card, close, chooseKind) {
  const root = el("div", "card", drawFacts(card));
  const asked = card.coverage.find((one) => one.kind === state.kind && one.mode === state.mode);
  if (asked && asked.mode === "walk_transit" && asked.status === "measured") root.append(drawJourney(asked));
  root.append(drawGaps(card.gaps), drawKinds(card.coverage, chooseKind));
  if (card.notices.length) root.append(drawNotices(card.notices));
  const button = el("button", "close", t("close"));
  button.type = "button";
  button.addEventListener("click", close);
  root.append(button);
  return root;
}

function drawFacts(card) {
  const facts = card.community;
  const list = el("dl", "facts");
  const add = (key, value) => { if (value) list.append(el("div", "", el("dt", "", t(key)), el("dd", "", value))); };
  add("households", count(facts.households));
  if (known(facts.population)) add("population", count(facts.population));
  add("code", facts.community_id);
  add("subdistrict", facts.subdistrict);
  add("valid_from", facts.valid_from);
  add("homes_from", card.demand.map((one) => t(`homes_${one.source}`, { n: count(one.points) })).join(t("comma")));
  return list;
}

function drawGaps(gaps) {
  const block = el("section", "block", el("h3", "", t("card_gaps")));
  const ordered = [...gaps].sort((a, b) => ORDER[a.status] - ORDER[b.status] || (b.kind === state.kind) - (a.kind === state.kind));
  const asked = ordered.filter((gap) => gap.kind === state.kind && gap.status !== "not_applicable");
  const others = ordered.filter((gap) => gap.kind !== state.kind && gap.status === "gap");
  const rest = ordered.filter((gap) => !asked.includes(gap) && !others.includes(gap));
  if (!ordered.length) block.append(el("p", "quiet", t("card_no_gaps")));
  block.append(...asked.map(drawGap));
  if (others.length) block.append(el("h3", "others", t("card_gaps_other")), ...others.map(drawGap));
  for (const status of ["unknown", "met", "not_applicable"]) {
    const these = rest.filter((gap) => gap.status === status);
    if (!these.length) continue;
    const more = el("details", "fold", el("summary", "", verdict(status), ` ${these.length}`));
    more.append(...these.map(drawGap));
    block.append(more);
  }
  return block;
}

function drawGap(gap) {
  const facts = [];
  if (gap.cause && gap.status === "gap") facts.push(t(`cause_${gap.cause}`));
  if (known(gap.households_affected) && gap.households_affected > 0) facts.push(t("affected", { n: count(gap.households_affected) }));
  if (known(gap.detour_factor)) facts.push(t("detour", { n: gap.detour_factor.toFixed(1) }));
  if (gap.barrier_kind) facts.push(t("barrier", { name: gap.barrier_name || t(`barrier_${gap.barrier_kind}`) }));
  const documentName = pick({ document_zh: gap.source_document, document_en: gap.source_document_en }, "document");
  const source = [documentName, gap.source_clause].filter(Boolean).join(" ");
  return el(
    "div", "gap",
    el("p", "gap-title", verdict(gap.status), " ", pick(gap, "rule_title")),
    el("p", "gap-reason", pick({ reason_zh: gap.reason, reason_en: gap.reason_en }, "reason")),
    facts.length ? el("p", "gap-facts", facts.join(" · ")) : null,
    el("p", "quiet", source, " ", gap.source_status ? el("em", `standing standing-${gap.source_status}`, t(`source_${gap.source_status}`)) : ""),
  );
}

function drawKinds(coverage, chooseKind) {
  const rows = coverage.filter((kind) => kind.mode === state.mode);
  const groups = [...new Set(rows.map((kind) => kind.group))];
  const measured = rows.filter((kind) => kind.status === "measured").sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
  const unknown = rows.filter((kind) => kind.status !== "measured");
  const block = el("section", "block", el("h3", "", t("card_kinds")));
  const limits = page.city.limits;
  const head = el("tr", "", el("th", "", t("kind")), ...limits.map((limit) => el("th", "num", limitText(limit))), el("th", "", t("nearest")));
  const body = el("tbody");
  let group = "";
  for (const kind of measured) {
    if (kind.group !== group) {
      group = kind.group;
      const cell = el("th", "group", t(page.words[`group_${group}`] ? `group_${group}` : "group_other"));
      cell.colSpan = limits.length + 2;
      body.append(el("tr", "", cell));
    }
    body.append(drawKind(kind, limits, chooseKind));
  }
  block.append(el("table", "kinds", el("thead", "", head), body));
  if (unknown.length) {
    const names = unknown.map((kind) => pick(kind, "name")).join(language.now === "zh" ? "；" : "; ");
    block.append(el("p", "quiet", t("card_kinds_unknown", { names })));
  }
  return block;
}

function drawKind(kind, limits, chooseKind) {
  const name = el("button", "kind-name", pick(kind, "name"));
  name.type = "button";
  name.addEventListener("click", (event) => { event.stopPropagation(); chooseKind(kind.kind); });
  const shares = limits.map((limit) => {
    const found = kind.limits.find((one) => one.limit === limit.limit && one.limit_unit === limit.limit_unit);
    const share = found ? found.share : null;
    const cell = el("td", "num", percent(share));
    if (limit.limit === state.limit) { cell.prepend(swatch(share)); cell.classList.add("now"); }
    return cell;
  });
  const near = kind.nearest;
  const far = near && (known(near.nearest_m) ? metres(near.nearest_m) : duration(near.nearest_s));
  const last = near ? el("td", "near", el("span", "", far), el("small", "", near.name)) : el("td", "near quiet", "–");
  return el("tr", kind.kind === state.kind ? "now" : "", el("td", "", name), ...shares, last);
}

export function drawNotices(notices) {
  const block = el("section", "block", el("h3", "", t("card_notices")));
  block.append(listNotices(notices));
  return block;
}

/** Findings about the data, the serious ones first as they come. */
export function listNotices(notices) {
  const list = el("ul", "notices");
  for (const notice of notices) {
    const words = pick({ message_zh: notice.message_zh || notice.message, message_en: notice.message }, "message");
    list.append(el("li", "", el("b", `severity severity-${notice.severity}`, t(`severity_${notice.severity}`)), words));
  }
  return list;
}

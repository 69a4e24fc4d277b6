// Everything known about one community.

import { drawCircles, saySize } from "./circles.js";
import { drawCommunityChanges } from "./compare.js";
import { drawJourney } from "./journey.js";
import { drawSheetLink } from "./links.js";
import { drawGaps, drawTally, groupByPack, packTitle, tally } from "./rules.js";
import { state } from "./state.js";
import { count, duration, el, known, language, limitText, metres, page, percent, pick, swatch, t } from "./words.js";

export function drawCard(card, close, chooseKind) {
  const root = el("div", "card", drawSheetLink(`/sheets/${encodeURIComponent(card.community.community_id)}`), drawFacts(card));
  const asked = card.coverage.find((one) => one.kind === state.kind && one.mode === state.mode);
  if (asked && asked.mode === "walk_transit" && asked.status === "measured") root.append(drawJourney(asked));
  const circles = drawCircles(card), rules = drawKindRules(card.gaps);
  root.append(...(state.view === "scores" ? [circles, rules] : [rules, circles]));
  const changes = drawCommunityChanges(card.community.community_id);
  if (changes) root.append(changes);
  root.append(drawKinds(card.coverage, chooseKind));
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
  add("size_check", saySize(card));
  add("homes_from", card.demand.map((one) => t(`homes_${one.source}`, { n: count(one.points) })).join(t("comma")));
  return list;
}

/** The rules on the kind looked at; with many packs, pack by pack. */
function drawKindRules(gaps) {
  const block = el("section", "block", el("h3", "", t("card_gaps")));
  const asked = gaps.filter((gap) => gap.kind === state.kind);
  if (!asked.length) {
    block.append(el("p", "quiet", t("gaps_none")));
    return block;
  }
  const groups = groupByPack(asked);
  if (groups.size === 1) block.append(...drawGaps(asked));
  else [...groups].forEach(([code, rows], n) => {
    const fold = el("details", "fold pack", el("summary", "", el("span", "pack-title", packTitle(code)), drawTally(tally(rows))), ...drawGaps(rows));
    fold.open = n === 0;
    block.append(fold);
  });
  return block;
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

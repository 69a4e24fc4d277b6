// What changed since an earlier run: for the city or a district, and for one community.

import { ask, state } from "./state.js";
import { amount, el, known, language, page, pick, t, verdict } from "./words.js";

const PAGE = 20, FEW = 6;
const WHYS = ["world", "data", "rule"];
const DIRECTIONS = ["worse", "better", "undecided", "decided", "begins", "ends"];

/** What the panel shows; kept while it is drawn anew. */
const chosen = { open: false, direction: "", why: "" };
let turn = 0;

/** The panel, drawn where an earlier run was named; `choose` opens a community. */
export async function drawChanges(root, choose) {
  root.hidden = !page.compared;
  if (root.hidden) return;
  const mine = (turn += 1);
  try {
    const found = await askChanges(0);
    if (mine === turn) root.replaceChildren(drawPanel(root, found, choose));
  } catch (error) {
    if (mine === turn) root.replaceChildren(el("p", "explain", t("failed", { why: error.message })));
  }
}

function askChanges(offset) {
  const { direction, why } = chosen;
  return ask("/v1/compare", { district: state.district, direction, why, verdicts: true, limit: PAGE, offset });
}

function drawPanel(root, found, choose) {
  const box = el("details", "fold changes-fold", drawHead(found));
  box.open = chosen.open;
  box.addEventListener("toggle", () => { chosen.open = box.open; });
  const redraw = (name, value) => {
    chosen[name] = value;
    drawChanges(root, choose);
  };
  box.append(
    drawChoice("direction", DIRECTIONS.filter((one) => sum(found.directions[one])), found, redraw),
    drawChoice("why", WHYS, found, redraw),
    drawList(found, choose),
    ...drawCommon(found),
  );
  return box;
}

const sum = (counts) => WHYS.reduce((total, why) => total + counts[why], 0);

/** How many changes there are of a direction and a cause, either left open. */
function countOf(directions, direction, why) {
  const rows = direction ? [directions[direction]] : Object.values(directions);
  return rows.reduce((total, row) => total + (why ? row[why] : sum(row)), 0);
}

function drawHead(found) {
  const counts = ["worse", "better"].map((one) => el("span", `change-${one}`, `${t(`change_${one}`)} ${sum(found.directions[one])}`));
  const rest = DIRECTIONS.slice(2).reduce((total, one) => total + sum(found.directions[one]), 0);
  if (rest) counts.push(el("span", "quiet", `${t("change_other")} ${rest}`));
  return el("summary", "", el("h2", "", t("changes")), el("span", "quiet", t("changes_since", { day: found.before.judged_on })), el("span", "change-counts", ...counts));
}

function drawChoice(name, values, found, redraw) {
  const row = el("div", "segment-row change-choice");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", t(`change_${name}`));
  for (const value of ["", ...values]) {
    const n = name === "why" ? countOf(found.directions, chosen.direction, value) : countOf(found.directions, value, chosen.why);
    const words = value ? t(name === "why" ? `why_${value}` : `change_${value}`) : t("change_all");
    const button = el("button", chosen[name] === value ? "now" : "", words, el("small", "", String(n)));
    button.type = "button";
    button.setAttribute("aria-pressed", String(chosen[name] === value));
    if (name === "why" && value) button.title = t(`why_${value}_hint`);
    button.addEventListener("click", () => redraw(name, value));
    row.append(button);
  }
  return row;
}

function drawList(found, choose) {
  const list = el("ul", "change-list", ...found.items.map((item) => drawChange(item, choose)));
  if (!found.matched) return el("p", "quiet", t("changes_none"));
  const box = el("div", "", list);
  let shown = found.items.length;
  if (shown < found.matched) {
    const more = el("button", "more", t("changes_more", { n: found.matched - shown }));
    more.type = "button";
    more.addEventListener("click", async () => {
      const next = await askChanges(shown);
      shown += next.items.length;
      list.append(...next.items.map((item) => drawChange(item, choose)));
      if (shown >= next.matched || !next.items.length) more.remove();
      else more.textContent = t("changes_more", { n: next.matched - shown });
    });
    box.append(more);
  }
  return box;
}

/** Settings and inputs that differ for all communities. */
function drawCommon(found) {
  if (!found.common.length) return [];
  const lines = found.common.map((one) => el("li", "", el("b", "severity", t(`why_${one.why}`)), one[language.now] || one.zh));
  return [el("details", "fold", el("summary", "", t("changes_common")), el("ul", "notices", ...lines))];
}

/** One change: from which verdict to which, where, by which rule, and why. */
function drawChange(item, choose) {
  const parts = [];
  if (choose) {
    const name = el("button", "change-name", item.name || item.after_id);
    name.type = "button";
    name.addEventListener("click", () => choose(item.after_id));
    parts.push(name, " ");
  }
  const moved = item.status_before === item.status_after
    ? el("span", `change-${item.direction}`, t(`change_${item.direction}`), sayShift(item))
    : el("span", "change-move", verdict(item.status_before), " → ", verdict(item.status_after));
  return el(
    "li", "change",
    el("p", "", ...parts, moved),
    el("p", "change-rule", pick(item, "title")),
    el("p", "quiet", el("em", `standing why-${item.why}`, t(`why_${item.why}`)), " ", pick(item, "evidence")),
  );
}

/** By how much a gap grew or shrank. */
function sayShift(item) {
  if (known(item.shortfall_before) && known(item.shortfall_after) && item.shortfall_before !== item.shortfall_after) {
    return ` ${t("shift_shortfall", { from: amount(item.shortfall_before, item.unit), to: amount(item.shortfall_after, item.unit) })}`;
  }
  return ` ${t("shift_affected", { from: amount(item.affected_before, "households"), to: amount(item.affected_after, "households") })}`;
}

/** Changes of one community for its card; nothing where no earlier run was named. */
export function drawCommunityChanges(community) {
  if (!page.compared) return null;
  const block = el("section", "block changes-card", el("h3", "", t("changes")), el("p", "quiet", t("loading")));
  ask("/v1/compare", { community }).then(
    (found) => block.replaceChildren(...drawOwn(found)),
    (error) => block.replaceChildren(el("p", "explain", t("failed", { why: error.message }))),
  );
  return block;
}

function drawOwn(found) {
  const parts = [el("h3", "", t("changes"), el("span", "quiet", ` ${t("changes_since", { day: found.before.judged_on })}`))];
  for (const one of found.communities) {
    const codes = { before: one.before.join(t("pause")), after: one.after.join(t("pause")) };
    parts.push(el("p", "quiet", t(`relation_${one.relation}`, codes)));
  }
  const moved = found.items.filter((item) => item.status_before !== item.status_after);
  const shifted = found.items.filter((item) => item.status_before === item.status_after);
  if (found.cards.length) parts.push(el("ul", "change-list", ...found.cards.map(drawCard)));
  if (!found.items.length) parts.push(el("p", "quiet", t("changes_none")));
  const folds = [["changes_verdicts", moved], ["changes_shifted", shifted]].filter(([, items]) => items.length);
  for (const [key, items] of folds) {
    const fold = el("details", "fold", el("summary", "", t(key, { n: items.length })));
    const fill = () => { if (fold.open && fold.childElementCount === 1) fold.append(el("ul", "change-list", ...items.map((item) => drawChange(item)))); };
    fold.open = items === moved && moved.length <= FEW;
    fill();
    fold.addEventListener("toggle", fill);
    parts.push(fold);
  }
  return parts;
}

function drawCard(item) {
  return el(
    "li", "change",
    el("p", "", el("span", "change-rule", pick(item, "title")), " ", verdict(item.status_before), " → ", verdict(item.status_after), " ", el("em", `standing why-${item.why}`, t(`why_${item.why}`))),
  );
}

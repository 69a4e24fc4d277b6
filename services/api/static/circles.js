// A community's circles and types: each with its verdict, its counts, and the rules behind it.

import { drawGaps, drawTally, findPack, groupByPack, ORDER, packTitle, tally } from "./rules.js";
import { state } from "./state.js";
import { count, drawStanding, el, known, pick, t, verdict } from "./words.js";

/** Standings a circle's line shows; the others stand with its rules. */
const UNSURE = ["secondary", "unverified"];

/** Packs and cards a reader has unfolded; kept while cards are drawn anew. */
const unfolded = new Map();

function fold(key, summary, fill, { open = false, className = "fold" } = {}) {
  const box = el("details", className, summary);
  const draw = () => { if (box.open && box.childElementCount === 1) box.append(...fill()); };
  box.open = unfolded.has(key) ? unfolded.get(key) : open;
  draw();
  box.addEventListener("toggle", () => { unfolded.set(key, box.open); draw(); });
  return box;
}

/** The circles of one community, pack by pack; rules no circle holds stand last in their pack. */
export function drawCircles(card) {
  const block = el("section", "block circles", el("h3", "", t("card_scores")));
  const cards = groupByPack(card.scorecards.filter((row) => row.about !== "check"));
  const gaps = groupByPack(card.gaps);
  const packs = [...gaps.keys()].filter((code) => code);
  for (const code of cards.keys()) if (!packs.includes(code)) packs.push(code);
  if (!packs.length) {
    block.append(el("p", "quiet", t("card_no_gaps")));
    return block;
  }
  block.append(...packs.map((code, n) => drawPack(code, cards.get(code) || [], gaps.get(code) || [], n === 0 || holdsChosen(code, cards))));
  return block;
}

const holdsChosen = (code, cards) => state.view === "scores" && (cards.get(code) || []).some((row) => row.card === state.card);

function drawPack(code, cards, gaps, open) {
  const held = new Set(cards.flatMap((row) => row.rules));
  const loose = gaps.filter((gap) => !held.has(gap.rule));
  const unsure = [...cards, ...loose].some((row) => row.source_status === "unverified" && row.status !== "not_applicable") ? drawStanding("unverified") : null;
  const summary = el("summary", "", el("span", "pack-title", packTitle(code)), unsure, drawTally(tally(cards.length ? cards : loose)));
  return fold(`pack ${code}`, summary, () => {
    const ordered = [...cards].sort((a, b) => ORDER[a.status] - ORDER[b.status]);
    const parts = ordered.filter((row) => row.status !== "not_applicable").map((row) => drawCard(row, gaps));
    const idle = ordered.filter((row) => row.status === "not_applicable");
    if (idle.length) parts.push(el("p", "quiet circle-idle", t("cards_idle", { names: idle.map((row) => pick(row, "title")).join(t("pause")) })));
    if (loose.length) parts.push(fold(`loose ${code}`, el("summary", "", t(cards.length ? "rules_loose" : "rules_all"), drawTally(tally(loose))), () => drawGaps(loose), { className: "fold circle" }));
    return parts;
  }, { open, className: "fold pack" });
}

function drawCard(row, gaps) {
  const counts = el("span", "circle-counts quiet", t("card_counts", { met: row.met, all: row.met + row.gap + row.unknown }));
  const marks = [row.overlaid ? el("em", "standing standing-overlaid", t("overlaid")) : null, UNSURE.includes(row.source_status) ? drawStanding(row.source_status) : null];
  const affected = known(row.households_affected) && row.households_affected > 0 ? el("span", "circle-affected", t("affected", { n: count(row.households_affected) })) : null;
  const summary = el("summary", "", verdict(row.status), el("span", "circle-title", pick(row, "title")), counts, affected, ...marks);
  const held = new Set(row.rules);
  return fold(`${row.pack} ${row.card}`, summary, () => {
    const entry = (findPack(row.pack).cards || []).find((one) => one.code === row.card) || {};
    const note = pick(entry, "note");
    return [
      el("p", "circle-reason", pick({ reason_zh: row.reason, reason_en: row.reason_en }, "reason")),
      ...(note ? [el("p", "quiet", note)] : []),
      ...drawGaps(gaps.filter((gap) => held.has(gap.rule))),
    ];
  }, { open: state.view === "scores" && row.card === state.card, className: "fold circle" });
}

/** What the size check says, for the community's facts; "" where nothing was checked. */
export function saySize(card) {
  const check = card.scorecards.find((row) => row.about === "check" && row.card === "size");
  return check ? pick({ reason_zh: check.reason, reason_en: check.reason_en }, "reason") : "";
}

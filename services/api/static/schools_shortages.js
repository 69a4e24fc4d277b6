// Where places fall short, and where land for them is missing.

import { el, known, metres, pick, t, verdict } from "./words.js";
import { levelNow, state } from "./schools_state.js";
import { join, sayLeast, sayYear, squareMetres, tellWithout } from "./schools_words.js";

/** As many communities as are named one by one though the same is said of each. */
const FEW = 3;

/** The list; `years` are the communities in the year looked at, by code. */
export function drawShortages(shortages, years, doing) {
  if (!shortages.length) return el("p", "empty", t("schools_no_shortages", { level: pick(levelNow(), "title") }));
  const short = shortages.filter((one) => one.status === "gap"), land = short.filter((one) => one.land_missing);
  const note = el("p", "list-note", short.length ? t("schools_shortages_note", { n: short.length, land: land.length }) : t("schools_shortages_none"));
  const draw = (one) => drawShortage(one, years.get(one.community_id), doing);
  const list = el("div", "", note, ...short.map(draw)), open = shortages.filter((one) => one.status !== "gap");
  if (open.length) {
    const fold = el("details", "fold same", el("summary", "", verdict("unknown"), " ", t("schools_shortages_open", { n: open.length })), ...drawUnknown(open, draw));
    fold.open = open.some((one) => one.community_id === state.community);
    list.append(fold);
  }
  return list;
}

/** What is unknown: communities of which the same is said share one sentence. */
function drawUnknown(open, draw) {
  const groups = new Map();
  for (const one of open) groups.set(one.reason, [...(groups.get(one.reason) || []), one]);
  return [...groups.values()].flatMap((group) => {
    if (group.length <= FEW || group.some((one) => one.community_id === state.community)) return group.map(draw);
    const [one] = group;
    return [el("article", "shortage", el("p", "shortage-head", el("b", "", t("schools_shortages_alike", { n: group.length })), verdict("unknown")), el("p", "gap-reason", pick({ reason_zh: one.reason, reason_en: one.reason_en }, "reason")))];
  });
}

function drawShortage(one, year, doing) {
  const name = el("button", "row-name", one.community || one.community_id);
  name.type = "button";
  name.addEventListener("click", () => doing.chooseCommunity(one.community_id));
  const now = year && tellWithout(year);
  const head = el("p", "shortage-head", name, el("small", "", one.district), verdict(one.status), one.land_missing ? el("em", "standing land-missing", t("schools_land_missing")) : null);
  if (year) head.append(el("span", "shortage-now", t("schools_this_year", { year: sayYear(state.year), n: now.told ? sayLeast(now.without, now.least) : t("unknown") })));
  const box = el(
    "article", one.community_id === state.community ? "shortage chosen" : "shortage",
    head,
    el("p", "gap-reason", pick({ reason_zh: one.reason, reason_en: one.reason_en }, "reason")),
  );
  const reserved = String(one.reserved_in_reach || "").split(",").map((id) => id.trim()).filter(Boolean);
  if (reserved.length) box.append(el("p", "reserved", t("schools_reserved"), t("colon"), ...reserved.flatMap((id, n) => [n ? join(["", ""]) : "", parcelButton(id, doing)])));
  if (one.candidates.length) box.append(drawCandidates(one.candidates, doing));
  return box;
}

function parcelButton(id, doing) {
  const button = el("button", "to-parcel", id);
  button.type = "button";
  button.addEventListener("click", () => doing.openParcel(id));
  return button;
}

/** Other parcels within the walk, the most suitable first. */
function drawCandidates(candidates, doing) {
  const head = el("tr", "", ...["candidate", "walk_to", "candidate_area", "candidate_why"].map((name) => {
    const cell = el("th", name === "walk_to" || name === "candidate_area" ? "num" : "", t(`schools_col_${name}`));
    cell.scope = "col";
    return cell;
  }));
  const body = el("tbody"), [{ needed_area_m2: needed }] = candidates;
  const same = candidates.every((one) => one.needed_area_m2 === needed);
  for (const one of candidates) {
    const asked = known(one.needed_area_m2) && !same ? el("small", "", t("schools_at_least", { n: squareMetres(one.needed_area_m2) })) : null;
    const enough = one.enough === true ? verdict("met", { words: false }) : one.enough === false ? verdict("gap", { words: false }) : verdict("unknown", { words: false });
    const small = one.enough === false ? el("em", "standing land-missing", t("schools_too_small")) : null;
    body.append(el("tr", "", el("td", "", parcelButton(one.parcel_id, doing)), el("td", "num", known(one.walk_m) ? metres(one.walk_m) : t("unknown")), el("td", "num", enough, squareMetres(one.area_m2), asked, small), el("td", "", pick(one, "why") || one.why)));
  }
  return el("div", "candidates", el("h4", "", t("schools_candidates"), same && known(needed) ? t("schools_candidates_need", { n: squareMetres(needed) }) : ""), el("table", "kinds", el("thead", "", head), body));
}

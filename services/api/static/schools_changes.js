// What became of the land an earlier plan reserved.

import { count, drawStanding, el, pick, t } from "./words.js";
import { squareMetres } from "./schools_words.js";

/** Counts, the regulation's remark, and every change, the gravest first. */
export function drawChanges(found, openParcel) {
  const tally = Object.entries(found.counts).map(([change, n]) => el("span", `change-kind change-kind-${change}`, t(`schools_change_${change}`), " ", el("b", "", count(n))));
  const remark = pick(found, "remark");
  const changed = found.changes.filter((one) => one.change !== "same"), same = found.changes.filter((one) => one.change === "same");
  const lost = changed.reduce((sum, one) => sum + (one.lost_m2 || 0), 0);
  const parts = [el("p", "change-tally", ...tally)];
  if (lost > 0) parts.push(el("p", "list-note", t("schools_lost_in_all", { n: squareMetres(lost) })));
  const source = found.remark_source || {}, document = pick(source, "document");
  if (remark && changed.length) parts.push(el("p", "remark", remark, document ? el("small", "", t("schools_source"), document) : null, " ", drawStanding(source.source_status)));
  parts.push(...changed.map((one) => drawChange(one, openParcel)));
  if (same.length) parts.push(el("details", "fold same", el("summary", "", t("schools_change_same"), ` ${same.length}`), ...same.map((one) => drawChange(one, openParcel))));
  return el("div", "parcel-changes", ...parts);
}

/** One change; with `openParcel` the parcel as it is now can be opened. */
export function drawChange(one, openParcel) {
  let name = el("b", "", one.parcel_id || one.earlier_id);
  if (openParcel && one.parcel_id) {
    name = el("button", "row-name", one.parcel_id);
    name.type = "button";
    name.addEventListener("click", () => openParcel(one.parcel_id));
  }
  const before = one.earlier_id && one.parcel_id && one.earlier_id !== one.parcel_id ? el("span", "quiet", t("schools_earlier_id", { id: one.earlier_id })) : null;
  const lost = one.lost_m2 > 0 ? el("span", "shortage-now", t("schools_lost", { n: squareMetres(one.lost_m2) })) : null;
  return el(
    "div", "change",
    el("p", "shortage-head", el("em", `standing change-kind-${one.change}`, t(`schools_change_${one.change}`)), name, before, lost),
    el("p", "gap-reason", pick({ reason_zh: one.reason, reason_en: one.reason_en }, "reason")),
  );
}

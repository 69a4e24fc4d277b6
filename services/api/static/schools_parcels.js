// Education land as a table, the most urgent first; the parcel chosen opens its card in place.

import { count, el, known, pick, t, verdict } from "./words.js";
import { askAssessment } from "./schools_answers.js";
import { drawParcel } from "./schools_parcel.js";
import { state, teaches } from "./schools_state.js";
import { squareMetres } from "./schools_words.js";

const COLUMNS = ["urgency", "parcel", "area", "opening", "serves", "findings"];

/** Parcels the filters leave. */
export function listParcels(parcels) {
  const words = state.filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return parcels.filter((one) => {
    const text = [one.parcel_id, one.plan, one.community, one.district, one.level_zh, one.level_en, one.status_zh, one.status_en].join(" ").toLowerCase();
    return (!state.district || one.district === state.district) && (!state.status || one.status === state.status)
      && (!state.own || teaches(one.level)) && words.every((word) => text.includes(word));
  });
}

/** The table; `doing` has what choosing, releasing and undoing do. */
export function drawParcels(parcels, doing) {
  const found = listParcels(parcels);
  if (!found.length) return el("p", "empty", t(parcels.length ? "schools_no_parcel_matches" : "schools_no_parcels"));
  const head = el("tr", "", ...COLUMNS.map((name) => {
    const cell = el("th", `col-${name}`, t(`schools_col_${name}`));
    cell.scope = "col";
    return cell;
  }));
  const body = el("tbody");
  let step = null;
  for (const one of found) {
    const code = one.step ? one.step.code : "";
    if (code && code !== step) {
      const cell = el("th", "step", pick({ step_zh: one.step.zh, step_en: one.step.en }, "step"));
      cell.colSpan = COLUMNS.length;
      cell.scope = "colgroup";
      body.append(el("tr", "", cell));
      step = code;
    }
    body.append(...drawRow(one, parcels.length, doing));
  }
  const table = el("table", "parcels", el("thead", "", head), body);
  table.setAttribute("aria-label", t("schools_tab_parcels"));
  return table;
}

function drawRow(one, all, doing) {
  const open = one.parcel_id === state.parcel;
  const button = el("button", "row-name", one.parcel_id);
  button.type = "button";
  button.setAttribute("aria-expanded", String(open));
  const place = [pick(one, "level"), pick(one, "status")].filter(Boolean).join(" · ");
  const classes = known(one.planned_classes) ? t("amount_classes", { n: count(one.planned_classes) }) : t("schools_classes_unknown");
  const found = el("span", "findings");
  for (const [status, n] of [["gap", one.gaps], ["unknown", one.unknowns]]) {
    if (n > 0) found.append(el("span", "", verdict(status, { words: false }), ` ${count(n)}`));
  }
  if (one.gaps === 0 && one.unknowns === 0) found.append(verdict("met", { words: false }));
  const unsure = (value, words) => (known(value) ? words : el("span", "quiet", t("unknown")));
  const row = el(
    "tr", open ? "row open" : "row",
    el("td", "col-urgency", known(one.urgency) ? count(one.urgency) : "–"),
    el("td", "col-parcel", button, el("small", "", place), one.community ? el("small", "", one.community) : null),
    el("td", "col-area", unsure(one.area_m2, squareMetres(one.area_m2)), el("small", "", classes)),
    el("td", "col-opening", unsure(one.opening_year, String(one.opening_year))),
    el("td", "col-serves", unsure(one.children_served, count(one.children_served))),
    el("td", "col-findings", found),
  );
  row.dataset.parcel = one.parcel_id;
  row.addEventListener("click", () => doing.chooseParcel(open ? "" : one.parcel_id));
  if (!open) return [row];
  const cell = el("td", "", el("p", "quiet", t("loading")));
  cell.colSpan = COLUMNS.length;
  openCard(one.parcel_id, all, cell, doing);
  return [row, el("tr", "detail", cell)];
}

async function openCard(id, all, cell, doing) {
  try {
    const found = await askAssessment(id);
    if (state.parcel !== id) return;
    cell.replaceChildren(drawParcel(found, all, doing));
    doing.opened(id);
  } catch (error) {
    cell.replaceChildren(el("p", "explain", t("failed", { why: error.message })));
  }
}

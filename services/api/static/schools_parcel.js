// Everything found out about one parcel, and what giving it up would cost.

import { amount, count, drawStanding, el, known, page, pick, t, verdict } from "./words.js";
import { drawSheetLink } from "./links.js";
import { drawChange } from "./schools_changes.js";
import { drawRelease } from "./schools_release.js";
import { capital, nameSettling, squareMetres } from "./schools_words.js";

const ORDER = ["gap", "unknown", "met", "not_applicable"];

/** A parcel's card; `found` is its assessment, `all` how many parcels there are. */
export function drawParcel(found, all, doing) {
  const { parcel } = found;
  const root = el("div", "card", drawSheetLink(`/sheets/parcels/${encodeURIComponent(parcel.parcel_id)}`));
  if (parcel.step && known(parcel.urgency)) {
    root.append(el("p", "urgency", t("schools_urgency", { n: count(parcel.urgency), all }), t("colon"), pick({ step_zh: parcel.step.zh, step_en: parcel.step.en }, "step")));
  }
  root.append(drawFacts(found), drawRelease(found, doing), drawFindings(found));
  if (found.changes.length) root.append(el("section", "block", el("h3", "", t("schools_parcel_changes")), ...found.changes.map((one) => drawChange(one, null))));
  const close = el("button", "close", t("close"));
  close.type = "button";
  close.addEventListener("click", () => doing.chooseParcel(""));
  root.append(close);
  return root;
}

function drawFacts({ parcel, schools }) {
  const list = el("dl", "facts");
  const add = (key, value) => { if (value) list.append(el("div", "", el("dt", "", t(key)), el("dd", "", value))); };
  add("schools_level", pick(parcel, "level") || t("unknown"));
  add("schools_status", pick(parcel, "status") || t("unknown"));
  add("schools_area", squareMetres(parcel.area_m2));
  add("schools_planned", known(parcel.planned_classes) ? t("amount_classes", { n: count(parcel.planned_classes) }) : t("unknown"));
  add("schools_opening", known(parcel.opening_year) ? String(parcel.opening_year) : t("unknown"));
  for (const school of schools) add(`schools_places_of_${school.level}`, known(school.places) ? drawPlaces(school, parcel) : t("unknown"));
  add("schools_serves", known(parcel.children_served) ? amount(parcel.children_served, "children") : t("unknown"));
  add("schools_community", [parcel.district, parcel.community].filter(Boolean).join(" "));
  add("schools_plan", [parcel.plan, parcel.plan_date].filter(Boolean).join(" · "));
  return list;
}

/** Places with what they are counted from: listed, or classes times the children of one. */
function drawPlaces(school, parcel) {
  const level = page.levels.find((one) => one.code === school.level);
  const said = el("span", "", t("amount_places", { n: count(school.places) }));
  const classes = level && school.places / level.class_size;
  const whole = school.places_source === "planned" && Number.isInteger(classes);
  if (whole) said.append(" ", el("small", "", t("schools_classes_times", { classes: count(classes), size: count(level.class_size) }), " ", drawStanding(level.class_size_status)));
  else if (school.places_source && page.words[`schools_places_${school.places_source}`]) said.append(" ", el("small", "", t(`schools_places_${school.places_source}`)));
  if (whole && known(parcel.planned_classes) && classes !== parcel.planned_classes) said.append(" ", el("small", "", t("schools_classes_part", { n: count(parcel.planned_classes) })));
  return said;
}

/** Findings, those to act on first; what is met or does not apply is folded away. */
function drawFindings({ findings }) {
  const block = el("section", "block", el("h3", "", t("schools_findings")));
  if (!findings.length) block.append(el("p", "quiet", t("schools_no_findings")));
  for (const status of ORDER) {
    const these = findings.filter((one) => one.status === status).map(drawFinding);
    if (!these.length) continue;
    if (status === "gap" || status === "unknown") block.append(...these);
    else block.append(el("details", "fold", el("summary", "", verdict(status), ` ${these.length}`), ...these));
  }
  return block;
}

/** Findings whose figure may be no larger than what is asked for; the others' no smaller. */
const AT_MOST = ["encroachment", "overlap", "outside", "duplicate"];

/** What was found and what is asked for; of years which of the two comes first. */
function sayFigures({ finding, status, found, needed, unit }) {
  const parts = [];
  const say = (key, value) => parts.push(t(unit === "year" ? `${key}_year` : key, { n: unit === "year" ? value : amount(value, unit) }));
  if (known(found)) say("schools_found", found);
  const atMost = AT_MOST.includes(finding);
  /* some findings are met in spite of their figure: the sentence says why */
  if (known(needed) && !(status === "met" && atMost && found > needed)) say(atMost ? "schools_at_most" : "schools_at_least", needed);
  return parts.join(t("comma"));
}

function drawFinding(one) {
  const figures = sayFigures(one);
  const settled = one.status === "unknown" ? nameSettling(one.settled_by) : "";
  const source = pick({ document_zh: one.document, document_en: one.document_en }, "document");
  const box = el(
    "div", "gap",
    el("p", "gap-title", verdict(one.status), " ", capital(pick(one, "title"))),
    el("p", "gap-reason", pick({ reason_zh: one.reason, reason_en: one.reason_en }, "reason")),
    figures ? el("p", one.status === "gap" ? "gap-facts" : "quiet", figures) : null,
    settled ? el("p", "gap-settled", t("settled_by", { what: settled })) : null,
  );
  if (source || one.source_status) box.append(el("p", "quiet", source, " ", drawStanding(one.source_status)));
  return box;
}

// The schools of a level in one year: places, children placed, places left over.

import { count, el, known, pick, t, verdict } from "./words.js";
import { levelNow, state } from "./schools_state.js";
import { nameSchool, nameSettling, sayYear } from "./schools_words.js";

const COLUMNS = ["school", "places", "children", "free", "verdict"];
const LEAST = 0.5;
const RANK = { gap: 0, unknown: 1, met: 2, not_applicable: 3 };
const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });
const sort = { by: "verdict", falling: false };
/** Columns of the answer that stand in the table's. */
const FIELDS = { places: "places", children: "placed", free: "free" };

/** The table of `found`, an answer of /v1/schools. */
export function drawSchools(found, doing) {
  const words = state.filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const rows = found.schools.filter((one) => words.every((word) => `${nameSchool(one)} ${one.name} ${one.school_id} ${one.parcel_id}`.toLowerCase().includes(word)));
  if (!rows.length) return el("p", "empty", t(found.schools.length ? "schools_no_school_matches" : "schools_no_schools", { level: pick(levelNow(), "title") }));
  const table = el("table", "school-list"), holder = el("div", "", table);
  table.setAttribute("aria-label", t("schools_tab_schools"));
  const draw = () => table.replaceChildren(el("thead", "", drawHead(draw)), el("tbody", "", ...rows.sort(order).map((one) => drawRow(one, doing))));
  draw();
  if (found.matched > found.returned) holder.append(el("p", "empty", t("schools_more_schools", { n: found.matched - found.returned })));
  return holder;
}

function order(a, b) {
  const sign = sort.falling ? -1 : 1, name = collator.compare(nameSchool(a), nameSchool(b));
  if (sort.by === "school") return sign * name;
  if (sort.by === "verdict") return Number(b.open) - Number(a.open) || sign * ((RANK[a.status] ?? 4) - (RANK[b.status] ?? 4)) || name;
  const field = FIELDS[sort.by];
  if (known(a[field]) !== known(b[field])) return known(a[field]) ? -1 : 1;
  return (known(a[field]) ? sign * (a[field] - b[field]) : 0) || name;
}

function drawHead(draw) {
  return el("tr", "", ...COLUMNS.map((name) => {
    const button = el("button", "", t(`schools_col_${name === "children" ? "placed" : name}`));
    button.type = "button";
    button.dataset.sort = name;
    button.title = t("sort_hint");
    const cell = el("th", `col-${name}`, button), now = sort.by === name;
    cell.scope = "col";
    if (now) cell.setAttribute("aria-sort", sort.falling ? "descending" : "ascending");
    button.addEventListener("click", () => {
      sort.falling = now ? !sort.falling : name === "places" || name === "children";
      sort.by = name;
      const table = button.closest("table");
      draw();
      table.querySelector(`[data-sort="${name}"]`).focus();
    });
    return cell;
  }));
}

function drawRow(one, doing) {
  const name = el("button", "row-name", nameSchool(one));
  name.type = "button";
  name.addEventListener("click", () => doing.showSchool(one.school_id));
  const facts = one.source === "parcel" && one.name ? [one.name] : [];
  if (!one.open) facts.push(known(one.opening_year) ? t("schools_opens", { year: sayYear(one.opening_year) }) : t("schools_opens_unknown"));
  else if (known(one.opening_year) && one.opening_year > state.year - 3) facts.push(t("schools_opened", { year: sayYear(one.opening_year) }));
  if (state.level === "kindergarten" && one.inclusive !== null && one.inclusive !== undefined) facts.push(t(one.inclusive ? "schools_inclusive" : "schools_not_inclusive"));
  if (["split", "classes", "planned"].includes(one.places_source)) facts.push(t(`schools_places_${one.places_source}`));
  if (known(one.full_from) && one.full_from <= state.year) facts.push(t("schools_full_since", { year: sayYear(one.full_from) }));
  const settled = one.status === "unknown" ? nameSettling(one.settled_by) : "";
  const cell = el("td", "col-school", name, facts.length ? el("small", "", facts.join(" · ")) : null, settled ? el("small", "", t("settled_by", { what: settled })) : null);
  if (one.parcel_id) {
    const parcel = el("button", "to-parcel", one.parcel_id);
    parcel.type = "button";
    parcel.addEventListener("click", () => doing.openParcel(one.parcel_id));
    cell.append(el("small", "", t("schools_on_parcel"), " ", parcel));
  }
  const number = (value) => (known(value) ? count(value) : el("span", "quiet", t("unknown")));
  const now = (value) => (one.open ? number(value) : el("span", "quiet", "–"));
  const left = one.open && one.left >= LEAST ? el("small", "", t("schools_left_here", { n: count(one.left) })) : null;
  const stated = known(one.stated_free) ? el("small", "", t("schools_stated_free", { n: count(one.stated_free) })) : null;
  const mark = one.open ? verdict(one.status || "unknown") : el("span", "quiet", t("schools_not_open"));
  return el("tr", one.open ? "" : "later", cell, el("td", "col-places", number(one.places)), el("td", "col-children", now(one.placed)), el("td", "col-free", now(one.free), stated, left), el("td", "col-verdict", mark));
}

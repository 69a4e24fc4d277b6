// How the schools page writes years, places and what would settle an unknown.

import { count, known, language, page, pick, t } from "./words.js";

/** Children without a place: out of reach of any school, or before full ones. */
export const withoutPlace = (row) => (known(row.out_of_reach) || known(row.left) ? (row.out_of_reach || 0) + (row.left || 0) : null);

const LEAST = 0.5;

/**
 * Children without a place within the walk: `out` of reach of any school, `left` before full ones,
 * `undecided` where nobody can tell; `least` where the sum is known to be that large, and may be larger.
 */
export function tellWithout(row) {
  const without = withoutPlace(row), undecided = Math.max(0, (row.left_possible || 0) - (row.left || 0));
  const least = row.status === "unknown" || !known(row.children) || undecided >= LEAST;
  const told = known(without) && !(row.status === "unknown" && without < LEAST);
  return { without, out: row.out_of_reach || 0, left: row.left || 0, undecided, least, told };
}

/** A number of children, short: ≥ 391 where it is known to be that large at least. */
export const sayLeast = (value, least) => `${least && value >= LEAST ? "≥" : ""}${count(value)}`;

/** The parts of those without a place, as far as there are any. */
export function sayParts({ out, left }) {
  return [["schools_out", out], ["schools_full_up", left]].filter(([, n]) => n >= LEAST).map(([key, n]) => t(key, { n: count(n) })).join(t("comma"));
}

export const join = (names) => names.join(language.now === "zh" ? "、" : ", ");

/** A level as a heading or a button names it. */
export function nameLevel(level) {
  return capital(pick(level, "title"));
}

export const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const PLANNED = "parcel:";

/** A school's name; one to come on a parcel has none of its own yet. */
export function nameSchool(school) {
  const level = page.levels.find((one) => one.code === school.level);
  if (school.school_id.startsWith(PLANNED)) return t("schools_planned_school", { id: school.school_id.slice(PLANNED.length), level: level ? pick(level, "title") : "" });
  return school.name || t("unnamed");
}

export const sayYear = (year) => (known(year) ? t("schools_year", { n: year }) : t("unknown"));

/** A number, or that it is unknown, set apart from numbers. */
export const sayCount = (value) => (known(value) ? count(value) : t("unknown"));

export const squareMetres = (value) => (known(value) ? t("amount_m2", { n: count(value) }) : t("unknown"));

const settling = new Map();

/** Keep what the service calls the tables and columns that would settle an unknown. */
export function keepNames(missing) {
  for (const one of missing) settling.set(one.code, one);
}

/** What would settle an unknown, as the service names it. */
export function nameSettling(settledBy) {
  const codes = String(settledBy || "").split(",").map((code) => code.trim()).filter(Boolean);
  return join([...new Set(codes.map((code) => (settling.has(code) ? settling.get(code)[language.now] : code)))]);
}

/** Years as runs: 2025–2027, 2030. */
export function sayYears(years) {
  const runs = [];
  for (const year of years) {
    const last = runs[runs.length - 1];
    if (last && last[1] === year - 1) last[1] = year;
    else runs.push([year, year]);
  }
  return join(runs.map(([from, to]) => (from === to ? sayYear(from) : t("schools_years", { from, to }))));
}

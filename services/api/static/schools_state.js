// What is being looked at on the schools page, kept in the address so that it can be sent to somebody else.

import { language, page } from "./words.js";

export const TABS = ["parcels", "shortages", "schools", "changes"];
const codes = page.levels.map((level) => level.code);
const STATUSES = ["reserved", "granted", "building", "open", "re-zoned", "occupied"];

const among = (value, choices, otherwise) => (choices.includes(value) ? value : otherwise);

export const state = {};

/** What the address asks for and the city does not have, by name. */
export const unheard = new Map();

/** Take the state from the address; whatever it does not say is as everybody starts. */
export function readState() {
  const query = new URLSearchParams(location.search);
  unheard.clear();
  for (const [name, choices] of [["level", codes], ["year", page.years.map(String)], ["district", page.city.districts]]) {
    const asked = query.get(name);
    if (asked && !choices.includes(asked)) unheard.set(name, asked);
  }
  const year = Number(query.get("year"));
  Object.assign(state, {
    level: among(query.get("level"), codes, page.first_level),
    year: among(year, page.years, page.years[0]),
    district: among(query.get("district"), page.city.districts, ""),
    community: query.get("community") || "",
    tab: among(query.get("tab"), TABS, TABS[0]),
    parcel: query.get("parcel") || "",
    release: query.get("release") === "1",
    filter: query.get("q") || "",
    status: among(query.get("status"), STATUSES, ""),
    own: query.get("own") === "1",
  });
}

/** Write the state into the address; with `keep` the place left behind stays for the back button. */
export function rememberState({ keep = false } = {}) {
  const asked = new URLSearchParams({ level: state.level });
  const add = (name, value) => { if (value) asked.set(name, value); };
  add("year", state.year && String(state.year));
  add("district", state.district);
  add("community", state.community);
  if (state.tab !== TABS[0]) asked.set("tab", state.tab);
  add("parcel", state.parcel);
  if (state.parcel && state.release) asked.set("release", "1");
  add("q", state.filter);
  add("status", state.status);
  if (state.own) asked.set("own", "1");
  if (language.now !== "zh") asked.set("lang", language.now);
  const address = `/schools?${asked}`;
  if (address === location.pathname + location.search) return;
  if (keep) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** Name, limit and standing of the level looked at. */
export const levelNow = () => page.levels.find((level) => level.code === state.level);

/** Whether a parcel or school of this level teaches the level looked at. */
export const teaches = (level) => level === state.level || (page.teaches[level] || []).includes(state.level);

readState();

// What is being looked at, kept in the address so that it can be sent to somebody else.

import { language, page } from "./words.js";

export { ask } from "./asking.js";

const query = new URLSearchParams(location.search);
const kinds = page.kinds.map((kind) => kind.code);
const limits = page.city.limits.map((limit) => limit.limit);
const SORTS = ["name", "households", "share", "status", "affected"];
const VIEWS = ["kind", "scores"];

const among = (value, choices, otherwise) => (choices.includes(value) ? value : otherwise);

export const state = {
  view: page.scored ? among(query.get("view"), VIEWS, "kind") : "kind",
  card: query.get("card") || "",
  level: among(query.get("level"), ["district", "subdistrict"], "district"),
  kind: among(query.get("kind"), kinds, page.first_kind),
  mode: among(query.get("mode"), page.city.modes, page.city.modes[0]),
  limit: among(Number(query.get("limit")), limits, page.city.main_limit.limit),
  district: among(query.get("district"), page.city.districts, ""),
  community: query.get("community") || "",
  sort: among((query.get("sort") || "").replace(/^-/, ""), SORTS, ""),
  falling: (query.get("sort") || "").startsWith("-"),
  filter: query.get("q") || "",
};

language.mode = state.mode;

/** Look at another mode; the words follow. */
export function setMode(mode) {
  state.mode = mode;
  language.mode = mode;
}

/** Write the state into the address, leaving out what everybody starts with. */
export function rememberState() {
  const asked = new URLSearchParams();
  if (state.view === "scores") {
    asked.set("view", "scores");
    asked.set("card", state.card);
    if (state.level !== "district") asked.set("level", state.level);
  }
  asked.set("kind", state.kind);
  if (state.mode !== page.city.modes[0]) asked.set("mode", state.mode);
  if (state.limit !== page.city.main_limit.limit) asked.set("limit", String(state.limit));
  if (state.district) asked.set("district", state.district);
  if (state.community) asked.set("community", state.community);
  if (state.sort) asked.set("sort", (state.falling ? "-" : "") + state.sort);
  if (state.filter) asked.set("q", state.filter);
  if (language.now !== "zh") asked.set("lang", language.now);
  history.replaceState(null, "", `/?${asked}`);
}

/** Keep what is shown now as a place the browser's back button leads to. */
export function keepPlace() {
  history.pushState(null, "", location.href);
}

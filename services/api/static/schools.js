// The schools page: level and year, map, summary and four tables, kept in step.

import { offerWay, map, tellMap } from "./frame.js";
import { drawSheetLink, translateLinks } from "./links.js";
import { askChanges, askCommunityYear, askParcels, askRelease, askSchools, askShortages, askYears } from "./schools_answers.js";
import { drawChanges } from "./schools_changes.js";
import { drawSchools } from "./schools_list.js";
import { drawParcels, listParcels } from "./schools_parcels.js";
import { unfoldOnPaper } from "./schools_paper.js";
import { drawShortages } from "./schools_shortages.js";
import { levelNow, readState, rememberState, state, TABS } from "./schools_state.js";
import { drawSummary } from "./schools_summary.js";
import { drawUnheard, tellUnheard } from "./schools_unheard.js";
import { nameLevel, sayYear } from "./schools_words.js";
import { drawSegments } from "./segments.js";
import { count, el, language, page, t, translatePage } from "./words.js";

const at = (id) => document.getElementById(id);
let turn = 0, marked = null, before = null, wanted = "";
/* a link to a release test is followed to the first year it is felt in, once */
let linked = state.release;

/* ---- the map in its frame ---- */
const mapAddress = () => `/maps/schools?${new URLSearchParams({ lang: language.now, embed: "1" })}`;

function showMap() {
  const address = mapAddress();
  if (map.dataset.address === address) return;
  map.dataset.address = address;
  map.contentWindow.location.replace(address);
}

const shadeMap = () => tellMap({ type: "lifecircle:schools", level: state.level, year: state.year });

/** Who loses in the year looked at if the parcel released were given up; "" clears. */
function markMap() {
  const rows = marked ? marked.communities.filter((row) => row.year === state.year) : [];
  const losers = new Map();
  for (const row of rows) {
    const one = losers.get(row.community_id) || { community_id: row.community_id, lost: 0, moved: 0 };
    one.lost += row.lost;
    one.moved += row.moved;
    losers.set(row.community_id, one);
  }
  tellMap({ type: "lifecircle:release", parcel_id: marked ? marked.parcel_id : "", communities: [...losers.values()] });
}

function tellAll() {
  shadeMap();
  tellMap({ type: "lifecircle:district", district: state.district });
  if (state.community) tellMap({ type: "lifecircle:focus", community_id: state.community });
  if (state.parcel) tellMap({ type: "lifecircle:parcel", parcel_id: state.parcel });
  if (marked) markMap();
}

window.addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.source !== map.contentWindow) return;
  const message = event.data || {};
  if (message.type === "lifecircle:ready") tellAll();
  if (message.type !== "lifecircle:select" || typeof message.id !== "string") return;
  if (message.what === "parcel") openParcel(message.id, { fromMap: true });
  else if (message.what === "school") findSchool(message.id);
  else if (message.what === "community") chooseCommunity(message.id, { fromMap: true });
});

/* ---- choices ---- */
function change(values) {
  Object.assign(state, values);
  rememberState({ keep: true });
  draw();
}

function chooseLevel(level) {
  if (level === state.level) return;
  change({ level });
  shadeMap();
}

function chooseYear(year) {
  const wished = Math.min(page.years[page.years.length - 1], Math.max(page.years[0], year));
  if (wished === state.year) return;
  state.year = wished;
  rememberState();
  drawYear();
  shadeMap();
  if (marked) markMap();
  for (const line of document.querySelectorAll(".release-years tr[data-year]")) line.classList.toggle("now", line.dataset.year === String(wished));
  drawSoon({ onlyYear: true });
}

function chooseDistrict(district) {
  change({ district, community: "" });
  tellMap({ type: "lifecircle:district", district });
}

function chooseCommunity(community, { fromMap = false } = {}) {
  change({ community });
  if (!fromMap) tellMap({ type: "lifecircle:focus", community_id: community });
  at("panel").scrollTo({ top: 0 });
}

function chooseTab(tab) {
  if (tab !== state.tab) change({ tab });
}

/** A parcel's card, opened or closed; what was released before is no longer marked. */
function chooseParcel(parcel) {
  if (parcel === state.parcel) return;
  clearRelease();
  wanted = parcel;
  change({ parcel, release: false });
  tellMap({ type: "lifecircle:parcel", parcel_id: parcel });
}

/** A parcel from elsewhere on the page or from the map: its row is brought into view. */
async function openParcel(id, { fromMap = false } = {}) {
  const { parcels } = await askParcels();
  if (!parcels.some((one) => one.parcel_id === id)) return;
  const same = id === state.parcel;
  if (!same) clearRelease();
  const values = { tab: "parcels", parcel: id, release: same && state.release };
  Object.assign(state, values);
  if (!listParcels(parcels).some((one) => one.parcel_id === id)) Object.assign(values, { filter: "", status: "", own: false, district: "" });
  wanted = id;
  change(values);
  if (!fromMap) tellMap({ type: "lifecircle:parcel", parcel_id: id });
  else offerWay("schools_to_card", () => showRow(id));
}

/** Where all is one column the map stands above the table: the row is looked at on demand. */
function showRow(id) {
  const row = [...at("content").querySelectorAll("tr.row")].find((line) => line.dataset.parcel === id);
  if (!row) return;
  const panel = at("panel"), alone = panel.scrollHeight <= panel.clientHeight + 1;
  const head = alone ? 0 : at("tabs").getBoundingClientRect().height + at("content").querySelector("thead").getBoundingClientRect().height;
  const down = row.getBoundingClientRect().top - head;
  if (alone) window.scrollTo(0, window.scrollY + down - 2);
  else panel.scrollTo({ top: panel.scrollTop + down - panel.getBoundingClientRect().top });
  row.querySelector("button").focus({ preventScroll: true });
}

function findSchool(id) {
  const school = id.startsWith("parcel:") ? id.slice("parcel:".length) : "";
  if (school) openParcel(school, { fromMap: true });
  else {
    change({ tab: "schools" });
    offerWay("schools_to_card", () => at("tabs").scrollIntoView());
  }
}

function clearRelease() {
  if (!marked) return;
  marked = before = null;
  markMap();
}

const doing = {
  chooseParcel, openParcel, chooseYear, chooseCommunity,
  focusCommunity: (id) => tellMap({ type: "lifecircle:focus", community_id: id }),
  showSchool: (id) => tellMap({ type: "lifecircle:school", school_id: id }),
  /* the row of a parcel just chosen is brought into view once its card stands below it */
  opened: (id) => {
    if (wanted === id && at("panel").scrollHeight > at("panel").clientHeight + 1) showRow(id);
    wanted = "";
  },
  /* asked for by hand: where nobody loses in the year looked at, the first year they do is shown */
  released: (found) => {
    before = state.year;
    state.release = true;
    rememberState({ keep: true });
    const felt = found.communities.some((row) => row.year === state.year);
    if (!felt && found.from_year) chooseYear(found.from_year);
  },
  linked: (found) => {
    if (!linked) return;
    linked = false;
    before = state.year;
    if (found.from_year && !found.communities.some((row) => row.year === state.year)) chooseYear(found.from_year);
  },
  mark: (found) => { marked = found; markMap(); },
  undone: () => {
    const year = before;
    state.release = false;
    clearRelease();
    rememberState({ keep: true });
    if (year !== null) chooseYear(year);
  },
};

/* ---- drawing ---- */
function drawControls() {
  drawSegments("levels", page.levels.map((level) => ({ value: level.code, words: nameLevel(level), now: level.code === state.level, absent: "" })), chooseLevel);
  const option = (value, words) => { const one = el("option", "", words); one.value = value; return one; };
  at("district").replaceChildren(option("", t("all_districts")), ...page.city.districts.map((name) => option(name, name)));
  at("district").value = state.district;
  at("district").disabled = !page.city.districts.length;
  const states = page.parcel_states.map((one) => option(one.code, one[language.now]));
  at("status").replaceChildren(option("", t("schools_every_status")), ...states);
  at("status").value = state.status;
  at("own").checked = state.own;
  if (at("filter").value !== state.filter) at("filter").value = state.filter;
  at("print").replaceChildren(drawSheetLink("/sheets/schools", t("schools_print_city")));
  map.title = t("schools_map");
  drawYear();
}

function drawYear() {
  const slider = at("year"), last = page.years.length - 1;
  if (last >= 0) slider.value = String(state.year);
  slider.setAttribute("aria-valuetext", sayYear(state.year));
  at("year-now").textContent = sayYear(state.year);
  at("year-back").disabled = state.year === page.years[0];
  at("year-on").disabled = state.year === page.years[last];
}

function drawTabs() {
  for (const tab of TABS) {
    const button = at(`tab-${tab}`), now = tab === state.tab;
    button.setAttribute("aria-selected", String(now));
    button.tabIndex = now ? 0 : -1;
  }
  at("content").setAttribute("aria-labelledby", `tab-${state.tab}`);
  at("filters").hidden = state.tab === "shortages" || state.tab === "changes";
  for (const one of document.querySelectorAll(".of-parcels")) one.hidden = state.tab !== "parcels";
  at("filter").placeholder = t(`schools_filter_${state.tab === "schools" ? "schools" : "parcels"}`);
  at("filter").setAttribute("aria-label", at("filter").placeholder);
  at("own-words").textContent = t("schools_own", { level: nameLevel(levelNow()) });
}

const counted = (tab, n) => { at(`count-${tab}`).textContent = n === null ? "" : ` ${count(n)}`; };

let waiting = 0;
/** The slider may pass many years: only the one it rests on is asked for. */
function drawSoon(only) {
  clearTimeout(waiting);
  waiting = setTimeout(() => draw(only), 60);
}

/** Ask for what is looked at, and show it; `onlyYear` leaves what does not depend on the year as it is. */
async function draw({ onlyYear = false } = {}) {
  const mine = (turn += 1);
  clearTimeout(waiting);
  drawControls();
  drawTabs();
  showMap();
  const root = at("summary");
  root.setAttribute("aria-busy", "true");
  try {
    const [schools, rows] = await Promise.all([askSchools(), askYears()]);
    if (mine !== turn) return;
    drawSummary(root, rows, { chooseLevel, chooseYear, leaveCommunity: () => chooseCommunity("") });
    counted("schools", schools.matched || null);
  } catch (error) {
    if (mine === turn) root.replaceChildren(...drawFailure(error));
  }
  root.removeAttribute("aria-busy");
  if (mine === turn && !(onlyYear && (state.tab === "parcels" || state.tab === "changes"))) await drawContent(mine);
}

async function drawContent(mine) {
  const root = at("content");
  try {
    const drawn = await CONTENTS[state.tab]();
    if (mine === turn) root.replaceChildren(drawn);
  } catch (error) {
    if (mine === turn) root.replaceChildren(...drawFailure(error));
  }
  const [{ parcels }, { shortages }] = await Promise.all([askParcels(), askShortages()]).catch(() => [{ parcels: [] }, { shortages: [] }]);
  if (mine !== turn) return;
  const short = shortages.filter((one) => one.status === "gap").length;
  counted("parcels", parcels.length ? listParcels(parcels).length : null);
  counted("shortages", short || !shortages.length ? short : null);
  const found = page.compared && (await askChanges().catch(() => null));
  if (mine === turn) counted("changes", found ? found.changes.filter((one) => one.change !== "same").length : null);
}

const CONTENTS = {
  parcels: async () => drawParcels((await askParcels()).parcels, doing),
  shortages: async () => {
    const [{ shortages }, years] = await Promise.all([askShortages(), askCommunityYear()]);
    return drawShortages(shortages, years, doing);
  },
  schools: async () => drawSchools(await askSchools(), doing),
  changes: async () => (page.compared ? drawChanges(await askChanges(), openParcel) : el("p", "empty", t("schools_no_earlier"))),
};

function drawFailure(error) {
  const retry = el("button", "more", t("retry"));
  retry.type = "button";
  retry.addEventListener("click", () => draw());
  return [el("p", "explain", t("failed", { why: error.message })), retry];
}

function drawAbout() {
  const made = page.city.created ? t("made", { date: String(page.city.created).slice(0, 10) }) : "";
  const link = (path, words) => { const one = el("a", "", words); one.href = path; return one; };
  at("about").replaceChildren(
    el("h2", "", t("about")), el("p", "quiet", t("schools_method")),
    el("p", "quiet", [...page.city.attribution, made, t("all_maps_offline")].filter(Boolean).join(" · "), " · ", link("/report.xlsx", t("report_xlsx")), " · ", link("/docs", t("api"))),
  );
}

function drawAll() {
  translatePage();
  translateLinks();
  drawUnheard();
  drawAbout();
  return draw();
}

/* ---- events ---- */
at("controls").addEventListener("submit", (event) => event.preventDefault());
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("district").addEventListener("change", (event) => chooseDistrict(event.target.value));
at("year").addEventListener("input", (event) => chooseYear(Number(event.target.value)));
at("year-back").addEventListener("click", () => chooseYear(state.year - 1));
at("year-on").addEventListener("click", () => chooseYear(state.year + 1));
for (const [id, name, value] of [["status", "status", "value"], ["own", "own", "checked"], ["filter", "filter", "value"]]) {
  at(id).addEventListener("input", (event) => {
    state[name] = event.target[value];
    rememberState();
    drawContent((turn += 1));
  });
}
for (const tab of TABS) {
  at(`tab-${tab}`).addEventListener("click", () => chooseTab(tab));
  at(`tab-${tab}`).addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], place = TABS.indexOf(tab);
    const next = event.key === "Home" ? TABS[0] : event.key === "End" ? TABS[TABS.length - 1] : step && TABS[(place + step + TABS.length) % TABS.length];
    if (!next) return;
    event.preventDefault();
    chooseTab(next);
    at(`tab-${next}`).focus();
  });
}
at("language").addEventListener("click", () => {
  language.now = language.now === "zh" ? "en" : "zh";
  map.dataset.address = mapAddress();
  tellMap({ type: "lifecircle:lang", lang: language.now });
  rememberState();
  drawAll();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !state.parcel) return;
  const id = state.parcel;
  chooseParcel("");
  drawContent(turn).then(() => showRow(id));
});
window.addEventListener("popstate", () => {
  const parcel = state.parcel, district = state.district;
  readState();
  if (marked && (marked.parcel_id !== state.parcel || !state.release)) clearRelease();
  wanted = state.parcel;
  draw();
  shadeMap();
  if (district !== state.district) tellMap({ type: "lifecircle:district", district: state.district });
  if (parcel !== state.parcel) tellMap({ type: "lifecircle:parcel", parcel_id: state.parcel });
});

wanted = state.parcel;
unfoldOnPaper(at("panel"));
tellUnheard();
if (state.parcel && state.release) askRelease(state.parcel).catch(() => null);
drawAll();

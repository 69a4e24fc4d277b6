// The planner's page: controls, map, summary and list, kept in step.

import { listNotices } from "./card.js";
import { drawChanges } from "./compare.js";
import { map, offerWay, retraceJourney, tellMap, traceJourney } from "./frame.js";
import { translateLinks } from "./links.js";
import { CommunityList } from "./list.js";
import { findRule, keepStandards, tallyRules } from "./rules.js";
import { drawScores, findCard, firstCard, readScores } from "./scores.js";
import { drawSegments } from "./segments.js";
import { ask, keepPlace, rememberState, setMode, state } from "./state.js";
import { drawSummary, sayBasis } from "./summary.js";
import { count, el, known, language, limitText, page, percent, pick, t, translatePage } from "./words.js";

const at = (id) => document.getElementById(id);
let turn = 0;
let communities = [];
let last = null;

/* ---- the map in its frame ---- */
function showMap() {
  const asked = new URLSearchParams({ limit: String(state.limit), mode: state.mode, lang: language.now, embed: "1" });
  const address = `/maps/${encodeURIComponent(state.kind)}?${asked}`;
  if (map.dataset.address === address) return;
  map.dataset.address = address;
  map.contentWindow.location.replace(address);
}

/** Tell the map which card to colour the communities by; none for coverage. */
function shadeMap() {
  const card = state.view === "scores" ? findCard(state.card) : null;
  tellMap({ type: "lifecircle:shade", card: state.view === "scores" ? { pack: card ? card.pack : "", card: state.card } : null });
}

map.addEventListener("load", () => {
  shadeMap();
  if (state.district) tellMap({ type: "lifecircle:district", district: state.district });
  if (state.community) tellMap({ type: "lifecircle:focus", community_id: state.community });
  retraceJourney();
});

window.addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.source !== map.contentWindow) return;
  const message = event.data || {};
  if (message.type !== "lifecircle:select" || typeof message.community_id !== "string") return;
  if (!communities.some((one) => one.community_id === message.community_id)) return;
  const inDistrict = !state.district || list.items.some((one) => one.community_id === message.community_id);
  if (!inDistrict) return;
  if (!list.list().some((one) => one.community_id === message.community_id)) setFilter("");
  chooseCommunity(message.community_id, { fromMap: true });
});

/* ---- choices ---- */
const list = new CommunityList({
  rows: at("rows"), columns: at("columns"), shown: at("shown"), more: at("more"), panel: at("panel"),
  choose: (id) => chooseCommunity(id), change: rememberState, chooseKind,
});

function chooseCommunity(id, { fromMap = false } = {}) {
  if (id !== state.community) traceJourney(null);
  state.community = id;
  rememberState();
  list.draw();
  if (!id) {
    tellMap({ type: "lifecircle:focus", community_id: "" });
    return;
  }
  if (fromMap && !list.show(id) && state.mode === "walk_transit") offerWay("journey_card", () => list.reveal(id));
  if (fromMap) return;
  tellMap({ type: "lifecircle:focus", community_id: id });
  const row = [...at("rows").children].find((line) => line.dataset.community === id);
  if (row) row.querySelector("button").focus({ preventScroll: true });
}

/** A community from elsewhere on the page: its row is brought into view. */
function findCommunity(id) {
  if (!communities.some((one) => one.community_id === id)) return;
  if (!list.list().some((one) => one.community_id === id)) setFilter("");
  chooseCommunity(id);
  if (!list.show(id)) list.reveal(id);
}

function chooseKind(kind) {
  keepPlace();
  traceJourney(null);
  state.kind = kind;
  at("kind").value = kind;
  load();
}

function chooseLimit(limit) {
  keepPlace();
  state.limit = limit;
  drawControls();
  load();
}

function chooseMode(mode) {
  keepPlace();
  traceJourney(null);
  setMode(mode);
  nameMap();
  load();
}

function chooseView(view) {
  keepPlace();
  state.view = view;
  drawControls();
  load();
}

function chooseCard(card) {
  keepPlace();
  state.card = card;
  load();
}

function chooseLevel(level) {
  state.level = level;
  load();
}

/** A district is looked at alone; communities of a subdistrict are those the list shows. */
function chooseArea(row) {
  if (row.level !== "district") {
    setFilter(state.filter === row.area ? "" : row.area);
    return;
  }
  if (!page.city.districts.includes(row.area)) return;
  chooseDistrict(state.district === row.area ? "" : row.area);
}

function chooseDistrict(district) {
  keepPlace();
  state.district = district;
  at("district").value = district;
  tellMap({ type: "lifecircle:district", district });
  load();
}

function setFilter(words) {
  state.filter = words;
  at("filter").value = words;
  rememberState();
  list.draw();
}

/* ---- drawing ---- */
/** Why this run has no journeys by public transport. */
function sayAbsent() {
  const reason = page.city.transit.reason || {};
  return t("mode_absent", { why: reason[language.now] || reason.zh || "" });
}

/** Under the switch, why one of its modes cannot be chosen; the full reason unfolds. */
function drawAbsent() {
  const line = at("mode-absent");
  line.hidden = page.city.modes.includes("walk_transit");
  line.querySelector("p").textContent = line.hidden ? "" : sayAbsent();
}

function nameMap() {
  map.title = t("map_title", { kind: pick(page.kinds.find((kind) => kind.code === state.kind), "name") });
}

function drawControls() {
  const kinds = at("kind");
  const groups = new Map();
  for (const kind of page.kinds) {
    if (!groups.has(kind.group)) {
      const group = el("optgroup");
      group.label = t(page.words[`group_${kind.group}`] ? `group_${kind.group}` : "group_other");
      groups.set(kind.group, group);
    }
    const unknown = kind.status === "unknown" ? ` · ${t("unknown")}` : "";
    const name = pick(kind, "name");
    const option = el("option", "", name.charAt(0).toUpperCase() + name.slice(1) + unknown);
    option.value = kind.code;
    groups.get(kind.group).append(option);
  }
  kinds.replaceChildren(...groups.values());
  kinds.value = state.kind;

  const option = (value, words) => { const one = el("option", "", words); one.value = value; return one; };
  const districts = at("district");
  districts.replaceChildren(option("", t("all_districts")), ...page.city.districts.map((name) => option(name, name)));
  districts.value = state.district;
  districts.disabled = !page.city.districts.length;

  at("views").hidden = !page.scored;
  document.body.classList.toggle("scoring", state.view === "scores");
  drawSegments("views", ["kind", "scores"].map((view) => ({ value: view, words: t(`view_${view}`), now: state.view === view, absent: "" })), chooseView);
  drawSegments("modes", ["walk", "walk_transit"].map((mode) => ({
    value: mode, words: t(`mode_${mode}`), now: state.mode === mode,
    absent: page.city.modes.includes(mode) ? "" : sayAbsent(),
  })), chooseMode);
  drawAbsent();
  drawSegments("limits", page.city.limits.map((limit) => ({
    value: String(limit.limit), words: limitText(limit), now: state.limit === limit.limit, absent: "",
  })), (limit) => { keepPlace(); state.limit = Number(limit); load(); });
}

/** What the timetable holds, and what had to be assumed for it. */
function drawTransit(transit) {
  const facts = [t("transit_facts", { stops: count(transit.stops), served: count(transit.stops_served), lines: count(transit.lines), trips: count(transit.trips_in_window) })];
  if (known(transit.mean_headway_min)) facts.push(t("transit_headway", { n: transit.mean_headway_min.toFixed(1) }));
  if (known(transit.near_share)) facts.push(t(`transit_near_${transit.near_basis === "households" ? "households" : "homes"}`, { n: transit.near_min, p: percent(transit.near_share) }));
  const lines = [sayBasis(transit), facts.join(t("comma")), ...(transit.assumptions || []).map((one) => one[language.now] || one.zh || "")];
  return el("details", "fold", el("summary", "", t("transit")), el("ul", "notices", ...lines.map((line) => el("li", "", line))));
}

async function drawAbout() {
  const found = await ask("/v1/notices");
  const warnings = found.items.filter((one) => one.severity !== "info").length;
  const infos = found.items.length - warnings;
  const parts = [el("h2", "", t("about"))];
  if (found.items.length) parts.push(el("details", "fold", el("summary", "", t("notices_n", { warnings, infos })), listNotices(found.items)));
  else parts.push(el("p", "quiet", t("notices_none")));
  /* what was assumed for the timetable stands once, with the timetable */
  const beside = page.city.modes.includes("walk_transit") ? new Set((page.city.transit.assumptions || []).map((one) => one.zh)) : new Set();
  const assumed = found.assumptions.filter((one) => !beside.has(one.zh));
  if (assumed.length) {
    const lines = assumed.map((one) => el("li", "", typeof one === "string" ? one : one[language.now] || one.zh || ""));
    parts.push(el("details", "fold", el("summary", "", t("assumptions")), el("ul", "notices", ...lines)));
  }
  if (page.city.modes.includes("walk_transit")) parts.push(drawTransit(page.city.transit));
  else parts.push(el("p", "quiet absent-mode", sayAbsent()));
  const packs = page.city.packs.map((pack) => pick(pack, "title")).filter(Boolean);
  if (packs.length) parts.push(el("p", "quiet", `${t("packs")}${t("colon")}${packs.join(t("comma"))}`));
  const link = el("a", "", t("api"));
  link.href = "/docs";
  const files = ["html", "xlsx"].map((ending) => {
    const file = el("a", "", t(`report_${ending}`));
    file.href = `/report.${ending}`;
    return file;
  });
  const made = page.city.created ? t("made", { date: String(page.city.created).slice(0, 10) }) : "";
  parts.push(el("p", "quiet", [...found.attribution, made, t("all_maps_offline")].filter(Boolean).join(" · "), " · ", files[0], " · ", files[1], " · ", link));
  at("about").replaceChildren(...parts);
}

/* ---- reading ---- */
async function load() {
  const mine = (turn += 1);
  rememberState();
  showMap();
  shadeMap();
  at("summary").setAttribute("aria-busy", "true");
  try {
    const found = await (state.view === "scores" ? readScores() : readKind());
    if (mine !== turn) return;
    last = { view: state.view, ...found };
    draw();
  } catch (error) {
    if (mine !== turn) return;
    const retry = el("button", "more", t("retry"));
    retry.type = "button";
    retry.addEventListener("click", load);
    at("summary").replaceChildren(el("p", "explain", t("failed", { why: error.message })), retry);
  }
  at("summary").removeAttribute("aria-busy");
}

async function readKind() {
  const { kind, mode, limit, district } = state;
  const other = page.city.modes.find((one) => one !== mode);
  const [summary, coverage, verdicts, beside] = await Promise.all([
    ask("/v1/summary", { kind, mode, limit, district }),
    ask("/v1/coverage", { kind, mode, limit, district }),
    ask("/v1/verdicts", { kind, district }),
    other ? ask("/v1/summary", { kind, mode: other, limit, district }) : null,
  ]);
  return { item: summary.items[0], coverage: coverage.items, verdicts, beside: beside && beside.items[0] };
}

/** What a rule asks in one word, for the list: its answer's name, else its test. */
function nameAnswer(rule) {
  const known_ = findRule(rule), name = known_.answer || known_.test || "share_within";
  return page.words[`answer_${name}`] ? name : "other";
}

function draw() {
  if (!last) return;
  const here = communities.filter((one) => !state.district || one.district === state.district);
  if (state.community && !here.some((one) => one.community_id === state.community)) {
    state.community = "";
    traceJourney(null);
    tellMap({ type: "lifecircle:focus", community_id: "" });
  }
  rememberState();
  const rules = tallyRules(last.verdicts.rules);
  if (last.view === "scores") drawScores(at("summary"), last, rules, { chooseCard, chooseLevel, chooseArea });
  else drawSummary(at("summary"), last, rules, chooseLimit);
  drawChanges(at("changes"), findCommunity);
  list.fill(here, last.verdicts, { coverage: last.coverage || [], answers: last.verdicts.rules.map(nameAnswer) });
}

/* ---- events ---- */
at("kind").addEventListener("change", (event) => chooseKind(event.target.value));
at("district").addEventListener("change", (event) => chooseDistrict(event.target.value));
at("controls").addEventListener("submit", (event) => event.preventDefault());
at("filter").value = state.filter;
at("filter").addEventListener("input", (event) => setFilter(event.target.value));
at("language").addEventListener("click", () => {
  language.now = language.now === "zh" ? "en" : "zh";
  map.dataset.address = "";
  const asked = new URLSearchParams({ limit: String(state.limit), mode: state.mode, lang: language.now, embed: "1" });
  map.dataset.address = `/maps/${encodeURIComponent(state.kind)}?${asked}`;
  tellMap({ type: "lifecircle:lang", lang: language.now });
  rememberState();
  drawAll();
});
window.addEventListener("popstate", () => location.reload());
document.addEventListener("click", (event) => {
  if (!at("mode-absent").contains(event.target)) at("mode-absent").open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && at("mode-absent").open) {
    at("mode-absent").open = false;
    return;
  }
  if (event.key !== "Escape" || !state.community) return;
  const id = state.community;
  chooseCommunity("");
  const row = [...at("rows").children].find((line) => line.dataset.community === id);
  if (row) row.querySelector("button").focus({ preventScroll: true });
});

function drawAll() {
  translatePage();
  translateLinks();
  drawControls();
  nameMap();
  draw();
  drawAbout();
}

async function start() {
  translatePage();
  translateLinks();
  drawControls();
  showMap();
  try {
    const [facts, standards] = await Promise.all([ask("/v1/communities"), ask("/v1/standards")]);
    communities = facts.items;
    keepStandards(standards.items);
    if (state.card !== "size" && !findCard(state.card)) state.card = firstCard() || "size";
    rememberState();
  } catch (error) {
    at("summary").replaceChildren(el("p", "explain", t("failed", { why: error.message })));
    return;
  }
  await load();
  nameMap();
  if (state.community) list.show(state.community);
  await drawAbout();
}

start();

// The planner's page: controls, map, summary and list, kept in step.

import { listNotices } from "./card.js";
import { CommunityList } from "./list.js";
import { ask, keepPlace, rememberState, state } from "./state.js";
import { drawSummary, tallyRules } from "./summary.js";
import { el, language, limitText, page, pick, t, translatePage } from "./words.js";

const at = (id) => document.getElementById(id);
const map = at("map");
let turn = 0;
let rules = [];
let communities = [];
let last = null;

/* ---- the map in its frame ---- */
const tellMap = (message) => { if (map.contentWindow) map.contentWindow.postMessage(message, location.origin); };

function showMap() {
  const asked = new URLSearchParams({ limit: String(state.limit), mode: state.mode, lang: language.now, embed: "1" });
  const address = `/maps/${encodeURIComponent(state.kind)}?${asked}`;
  if (map.dataset.address === address) return;
  map.dataset.address = address;
  map.contentWindow.location.replace(address);
}

map.addEventListener("load", () => {
  if (state.district) tellMap({ type: "lifecircle:district", district: state.district });
  if (state.community) tellMap({ type: "lifecircle:focus", community_id: state.community });
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
  state.community = id;
  rememberState();
  list.draw();
  if (!id) return;
  if (fromMap) list.show(id);
  else {
    tellMap({ type: "lifecircle:focus", community_id: id });
    const row = [...at("rows").children].find((line) => line.dataset.community === id);
    if (row) row.querySelector("button").focus({ preventScroll: true });
  }
}

function chooseKind(kind) {
  keepPlace();
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

function setFilter(words) {
  state.filter = words;
  at("filter").value = words;
  rememberState();
  list.draw();
}

/* ---- drawing ---- */
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

  drawSegments("modes", ["walk", "walk_transit"].map((mode) => ({
    value: mode, words: t(`mode_${mode}`), now: state.mode === mode,
    absent: page.city.modes.includes(mode) ? "" : t("mode_absent"),
  })), (mode) => { keepPlace(); state.mode = mode; load(); });
  drawSegments("limits", page.city.limits.map((limit) => ({
    value: String(limit.limit), words: limitText(limit), now: state.limit === limit.limit, absent: "",
  })), (limit) => { keepPlace(); state.limit = Number(limit); load(); });
}

function drawSegments(id, choices, choose) {
  const row = at(id).querySelector(".segment-row");
  row.replaceChildren(...choices.map((choice) => {
    const input = el("input");
    Object.assign(input, { type: "radio", name: id, value: choice.value, checked: choice.now, disabled: Boolean(choice.absent) });
    input.addEventListener("change", () => choose(choice.value));
    const label = el("label", "", input, el("span", "", choice.words));
    if (choice.absent) label.title = choice.absent;
    return label;
  }));
}

async function drawAbout() {
  const found = await ask("/v1/notices");
  const warnings = found.items.filter((one) => one.severity !== "info").length;
  const infos = found.items.length - warnings;
  const parts = [el("h2", "", t("about"))];
  if (found.items.length) parts.push(el("details", "fold", el("summary", "", t("notices_n", { warnings, infos })), listNotices(found.items)));
  else parts.push(el("p", "quiet", t("notices_none")));
  if (found.assumptions.length) {
    const lines = found.assumptions.map((one) => el("li", "", typeof one === "string" ? one : one[language.now] || one.zh || ""));
    parts.push(el("details", "fold", el("summary", "", t("assumptions")), el("ul", "notices", ...lines)));
  }
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
  at("summary").setAttribute("aria-busy", "true");
  const { kind, mode, limit, district } = state;
  try {
    const [summary, coverage, gaps] = await Promise.all([
      ask("/v1/summary", { kind, mode, limit, district }),
      ask("/v1/coverage", { kind, mode, limit, district }),
      ask("/v1/gaps", { kind, district }),
    ]);
    if (mine !== turn) return;
    last = { item: summary.items[0], coverage: coverage.items, gaps: gaps.items };
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

function draw() {
  if (!last) return;
  const here = communities.filter((one) => !state.district || one.district === state.district);
  if (state.community && !here.some((one) => one.community_id === state.community)) state.community = "";
  rememberState();
  const asked = tallyRules(rules, last.gaps);
  drawSummary(at("summary"), last.item, asked, chooseLimit);
  list.fill(here, last.coverage, last.gaps, asked);
}

/* ---- events ---- */
at("kind").addEventListener("change", (event) => chooseKind(event.target.value));
at("district").addEventListener("change", (event) => {
  keepPlace();
  state.district = event.target.value;
  tellMap({ type: "lifecircle:district", district: state.district });
  load();
});
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
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !state.community) return;
  const id = state.community;
  chooseCommunity("");
  const row = [...at("rows").children].find((line) => line.dataset.community === id);
  if (row) row.querySelector("button").focus({ preventScroll: true });
});

function drawAll() {
  translatePage();
  drawControls();
  map.title = t("map_title", { kind: pick(page.kinds.find((kind) => kind.code === state.kind), "name") });
  draw();
  drawAbout();
}

async function start() {
  translatePage();
  drawControls();
  showMap();
  try {
    const [known, judged] = await Promise.all([ask("/v1/communities"), ask("/v1/rules")]);
    communities = known.items;
    rules = judged.items;
  } catch (error) {
    at("summary").replaceChildren(el("p", "explain", t("failed", { why: error.message })));
    return;
  }
  await load();
  map.title = t("map_title", { kind: pick(page.kinds.find((kind) => kind.code === state.kind), "name") });
  if (state.community) list.show(state.community);
  await drawAbout();
}

start();

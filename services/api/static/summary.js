// The city in one figure, with its denominator, and what the rules say.

import { state } from "./state.js";
import { count, el, known, language, limitText, page, percent, pick, t, verdict } from "./words.js";

let rulesOpen = false;
const VERDICTS = ["gap", "unknown", "met", "not_applicable"];

/**
 * Draw the summary of one kind: `item` of /v1/summary and the same `beside` for the other mode, the
 * rules on it, and what choosing a limit does.
 */
export function drawSummary(root, { item, beside }, rules, chooseLimit) {
  const n = Number(item.limit);
  const area = item.district || t("all_districts");
  const parts = [el("p", "kicker", t("kicker", { area, kind: pick(item, "name"), n }))];
  parts.push(...(item.status === "measured" ? drawFigure(item, n) : drawUnknown(item)));
  if (item.mode === "walk_transit") parts.splice(2, 0, el("p", "quiet basis", sayBasis(page.city.transit)));
  if (item.status === "measured") parts.push(drawLimits(item, chooseLimit), drawOther(item, beside));
  parts.push(drawRules(item, rules));
  root.replaceChildren(...parts.filter(Boolean));
}

/** What journeys by public transport rest on: departures, percentile, timetable and its day. */
export function sayBasis(transit) {
  const { depart_from: from, depart_to: to, day, source } = transit;
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay();
  const peak = from >= "06:30" && to <= "09:30" ? "morning" : from >= "16:30" && to <= "19:30" ? "evening" : "workday";
  const when = Number.isNaN(weekday) ? "" : t(`basis_${weekday % 6 ? peak : "weekend"}`);
  const names = (transit.feeds || []).join(language.now === "zh" ? "、" : ", ");
  const feeds = names && (language.now === "zh" ? `（${names}）` : ` (${names})`);
  const timetable = t(`timetable_${source === "osm" ? "osm" : "gtfs"}`, { feeds, day });
  return t("basis", { when, from, to, percentile: sayPercentile(transit.percentile), timetable }).trim();
}

export const sayPercentile = (n) => (Number(n) === 50 ? t("percentile_50") : t("percentile_n", { n }));

function drawFigure(item, n) {
  const figure = el("p", "figure", el("strong", "", percent(item.share)), el("span", "", t(`share_${item.basis}`, { n, kind: pick(item, "name") })));
  if (item.basis !== "households") {
    const why = item.communities_without_households === item.communities ? t("no_households") : "";
    return [figure, why ? el("p", "quiet", why) : null];
  }
  const bar = el("div", "bar");
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", `${t("covered", { n: count(item.households_covered) })}, ${t("not_covered", { n: count(item.households_not_covered) })}`);
  bar.append(el("i", "bar-covered"));
  bar.firstChild.style.width = `${100 * item.share}%`;
  const legend = el(
    "p", "bar-legend",
    el("span", "", el("i", "dot dot-covered"), t("covered", { n: count(item.households_covered) })),
    el("span", "", el("i", "dot dot-not"), t("not_covered", { n: count(item.households_not_covered) })),
  );
  const notes = [t("denominator", { n: count(item.households) })];
  if (item.unconnected_households > 0) notes.push(t("of_which_unconnected", { n: count(item.unconnected_households) }));
  if (item.communities_without_households > 0) notes.push(t("without_households", { n: item.communities_without_households }));
  return [figure, bar, legend, el("p", "quiet", notes.join(t("stop")))];
}

function drawUnknown(item) {
  return [
    el("p", "figure figure-unknown", el("strong", "", t("unknown")), el("span", "", t("unknown_data"))),
    el("p", "explain", pick(item, "reason")),
  ];
}

function drawLimits(item, chooseLimit) {
  const list = el("ul", "limits");
  for (const limit of item.limits) {
    const value = Number(limit.limit);
    const now = limit.limit_unit === item.limit_unit && value === Number(item.limit);
    const track = el("span", "track", el("i"));
    track.firstChild.style.width = known(limit.share) ? `${100 * limit.share}%` : "0";
    const offered = limit.limit_unit === "min" && page.city.limits.some((one) => one.limit === value);
    const line = el(offered ? "button" : "span", "limit-line", el("span", "limit-name", limitText(limit)), track, el("span", "limit-share", percent(limit.share)));
    if (offered) {
      line.type = "button";
      line.addEventListener("click", () => chooseLimit(value));
      if (now) line.setAttribute("aria-current", "true");
    }
    list.append(el("li", now ? "now" : "", line));
  }
  return el("section", "block", el("h2", "", t("by_limit")), list);
}

function drawOther(item, beside) {
  const others = [];
  if (beside && known(beside.share) && beside.basis === item.basis) others.push(t(`also_${beside.mode}`, { p: percent(beside.share) }));
  if (item.basis !== "buildings" && known(item.building_share)) others.push(t("also_buildings", { p: percent(item.building_share) }));
  if (item.basis !== "land" && known(item.land_share)) others.push(t("also_land", { p: percent(item.land_share) }));
  return others.length ? el("p", "quiet", `${t("also_by")}${t("colon")}${others.join(t("comma"))}`) : null;
}

function drawRules(item, rules) {
  const block = el("section", "block", el("h2", "", t("gaps")));
  if (!rules.length) {
    block.append(el("p", "quiet", t("gaps_none")));
    return block;
  }
  const counts = el("ul", "verdicts");
  for (const status of VERDICTS) {
    if (item.gaps[status] || status === "gap") counts.append(el("li", "", verdict(status), el("b", "", String(item.gaps[status]))));
  }
  const limits = [...new Set(rules.filter((rule) => known(rule.limit)).map((rule) => [t(`mode_${rule.mode || "walk"}`), limitText(rule)].join(language.now === "zh" ? "" : " ")))];
  const own = rules.some((rule) => known(rule.limit) && (Number(rule.limit) !== state.limit || rule.limit_unit !== "min" || (rule.mode || "walk") !== state.mode))
    ? el("p", "quiet", t("rule_limit", { limits: limits.join(t("comma")) })) : null;
  if (rules.length === 1) {
    block.append(...[own, drawRule(rules[0])].filter(Boolean));
    return block;
  }
  const more = el("details", "fold", el("summary", "", t("rules_n", { n: rules.length })), ...rules.map(drawRule));
  more.open = rulesOpen;
  more.addEventListener("toggle", () => { rulesOpen = more.open; });
  block.append(...[counts, el("p", "quiet", t("by_community")), ...drawAnswers(rules), own, more].filter(Boolean));
  return block;
}

/** The answers of one rule under its title, side by side and never added up. */
function drawAnswers(rules) {
  const groups = new Map();
  for (const rule of rules) {
    const key = `${rule.pack} ${rule.rule || rule.code}`;
    groups.set(key, [...(groups.get(key) || []), rule]);
  }
  return [...groups.values()].map((group) => {
    if (group.length === 1) return el("div", "rule", el("p", "rule-title", pick(group[0], "title")), drawCounts(group[0]));
    const parts = group.map((rule) => /^(.*?)\s*[（(]([^（）()]*)[）)]$/.exec(pick(rule, "title")) || [null, pick(rule, "title"), ""]);
    const lines = group.map((rule, n) => el("div", "rule-answer", el("span", "", parts[n][2] || parts[n][1]), drawCounts(rule)));
    return el("div", "rule", el("p", "rule-title", parts[0][1]), ...lines);
  });
}

function drawCounts(rule) {
  const counts = el("span", "rule-counts");
  for (const status of VERDICTS) {
    const n = rule.here[status];
    if (n) counts.append(el("span", "", verdict(status), ` ${n}`));
  }
  return counts;
}

function drawRule(rule) {
  const counts = drawCounts(rule);
  const source = rule.source || {};
  const document_ = pick(source, "document");
  const line = t("rule_source", { document: document_, clause: source.clause || "" }).trim();
  const standing = source.status ? el("em", `standing standing-${source.status}`, t(`source_${source.status}`)) : null;
  return el("div", "rule", el("p", "rule-title", pick(rule, "title")), counts, el("p", "quiet", document_ ? line : "", " ", standing));
}

/** Rules on the kind, each with the verdicts of the communities looked at. */
export function tallyRules(rules, gaps) {
  const here = new Map();
  for (const gap of gaps) {
    const key = `${gap.pack} ${gap.rule}`;
    if (!here.has(key)) here.set(key, { gap: 0, unknown: 0, met: 0, not_applicable: 0 });
    here.get(key)[gap.status] += 1;
  }
  return rules
    .filter((rule) => rule.kind === state.kind)
    .map((rule) => ({ ...rule, here: here.get(`${rule.pack} ${rule.code}`) || {} }));
}

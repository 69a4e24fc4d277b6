// The city in one figure, with its denominator, and what the rules say.

import { drawRules, VERDICTS } from "./rules.js";
import { state } from "./state.js";
import { count, el, known, language, limitText, page, percent, pick, t, verdict } from "./words.js";

const unfolded = new Map();

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
  parts.push(drawVerdicts(item, rules));
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

function drawVerdicts(item, rules) {
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
  const folds = drawRules(rules, unfolded);
  const single = rules.length === 1;
  block.append(...[single ? null : counts, single ? null : el("p", "quiet", t("by_community")), own, ...folds].filter(Boolean));
  return block;
}

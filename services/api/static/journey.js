// An example journey on a community's card, leg by leg, for any departure of the run's window; the
// map beside it shows the same one.

import { traceJourney } from "./frame.js";
import { ask, state } from "./state.js";
import { sayPercentile } from "./summary.js";
import { clock, duration, el, known, language, metres, page, percent, pick, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const BARS = { height: 44, width: 100 };
let turn = 0;
let kept = { home: "", depart: "" };

/** The example of one kind: the home it starts at, then the journey as the service explains it. */
export function drawJourney(kind) {
  const home = kind.example;
  const block = el("section", "block journey", el("h3", "", t("journey", { kind: pick(kind, "name") })));
  if (!home) {
    block.append(el("p", "quiet", t("journey_none")));
    return block;
  }
  const whose = t(`journey_${home.basis}`, { home: home.name ? t("journey_home", { name: home.name }) : "", share: percent(home.riders_share) });
  block.append(el("p", "quiet", language.now === "zh" ? `${whose}${saySpread(home)}` : `${whose} ${saySpread(home)}`));
  const picker = el("div", "departures");
  const legs = el("div", "legs-box", el("p", "quiet", t("loading")));
  block.append(picker, legs);
  block.addEventListener("click", (event) => event.stopPropagation());
  const asked = { home, kind: kind.kind, mode: state.mode, community: state.community, picker, legs };
  const same = kept.home === nameHome(asked);
  show(asked, same ? kept.depart : home.depart || "");
  return block;
}

/** Times over all departures; one time where it is the same whenever one leaves. */
function saySpread(home) {
  const typical = duration(home.typical_s), best = duration(home.best_s), worst = duration(home.worst_s);
  if (best === worst) return t("journey_always", { typical });
  return t(known(home.worst_s) ? "journey_spread" : "journey_spread_some", { percentile: sayPercentile(page.city.transit.percentile), typical, best, worst });
}

/** What a departure was chosen for: a card drawn anew, in the other language say, keeps it. */
const nameHome = (asked) => [asked.community, asked.kind, asked.home.demand_id].join(" ");

/** Whether the card that asked is still the one on the page. */
const isOpen = (asked) => asked.legs.isConnected && ["kind", "mode", "community"].every((name) => asked[name] === state[name]);

async function show(asked, depart) {
  const mine = (turn += 1);
  const { home, kind, picker, legs } = asked;
  try {
    const journey = await ask("/v1/journey", { lon: home.lon, lat: home.lat, kind, depart });
    if (mine !== turn || !isOpen(asked)) return;
    const choose = (minute) => {
      const leaves = journey.window.first_s + 60 * minute;
      return show(asked, `${Math.floor(leaves / 3600)}:${String(Math.floor(leaves / 60) % 60).padStart(2, "0")}`);
    };
    kept = { home: nameHome(asked), depart };
    if (!picker.firstChild) picker.append(...drawPicker(journey, choose));
    markDeparture(picker, journey);
    const focused = legs.contains(document.activeElement);
    legs.replaceChildren(...drawLegs(journey));
    if (focused) legs.querySelector("button")?.focus({ preventScroll: true });
    traceJourney(listLegs(journey));
  } catch (error) {
    if (mine !== turn || !isOpen(asked)) return;
    legs.replaceChildren(el("p", "explain", t("failed", { why: error.message })));
    traceJourney(null);
  }
}

/* ---- the journey as the map is told of it ---- */
const labelRide = (line) => line.ref || line.name || t(`line_${line.mode}`);

function listLegs(journey) {
  const place = (spot, label) => ({ lon: spot.lon, lat: spot.lat, stop: Boolean(spot.stop_id), label });
  const legs = journey.legs.map((leg) => ({
    mode: leg.kind, geometry: leg.geometry, label: leg.line ? labelRide(leg.line) : "",
    from: place(leg.origin, leg.origin.name), to: place(leg.target, leg.target.name),
  }));
  if (!legs.length) return null;
  legs[0].from.label = t("journey_map_home", { time: clock(journey.depart_s, { exact: false }) });
  legs[legs.length - 1].to.label = t("journey_map_end", { time: clock(journey.arrive_s, { exact: false }), name: roomy(nameEnd(journey)) }).trim();
  return legs;
}

/** Latin letters stand off from Chinese around them. */
const roomy = (name) => (language.now === "zh" ? name.replace(/^(?=[!-~\u00c0-\u024f])/, " ").replace(/(?<=[!-~\u00c0-\u024f])$/, " ") : name);

const nameEnd = (journey) => journey.name || pick(page.kinds.find((one) => one.code === journey.kind), "name");

/* ---- one bar per departure, and a slider over them ---- */
function part(name, values) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(values)) node.setAttribute(key, value);
  return node;
}

function drawPicker(journey, choose) {
  const { durations_s: times, first_s: first } = journey.window;
  const walk = journey.walk ? journey.walk.walk_s : null;
  const most = Math.max(1, ...times.filter(known));
  const step = BARS.width / times.length;
  const bars = part("svg", { viewBox: `0 0 ${BARS.width} ${BARS.height}`, preserveAspectRatio: "none", class: "bars", "aria-hidden": "true" });
  times.forEach((time, minute) => {
    const high = known(time) ? Math.max(1, ((BARS.height - 4) * time) / most) : BARS.height;
    const walked = known(walk) && known(time) && time >= walk - 0.002;
    bars.append(part("rect", {
      x: minute * step + step * 0.14, width: step * 0.72, y: BARS.height - high, height: high,
      class: known(time) ? (walked ? "bar-walk" : "bar-ride") : "bar-none",
    }));
  });
  const limited = known(walk) && walk <= most;
  if (limited) {
    const y = BARS.height - ((BARS.height - 4) * walk) / most;
    bars.append(part("line", { x1: 0, x2: BARS.width, y1: y, y2: y, class: "bar-limit", "vector-effect": "non-scaling-stroke" }));
  }
  bars.addEventListener("click", (event) => {
    const box = bars.getBoundingClientRect();
    choose(Math.min(times.length - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * times.length))));
  });
  const slider = el("input", "slider");
  Object.assign(slider, { type: "range", min: 0, max: times.length - 1, step: 1 });
  slider.setAttribute("aria-label", t("journey_pick"));
  slider.addEventListener("input", () => choose(Number(slider.value)));
  const ends = el("p", "bar-ends quiet", el("span", "", clock(first, { exact: false })), el("span", "", t(limited ? "journey_bars_walk" : "journey_bars")), el("span", "", clock(first + 60 * (times.length - 1), { exact: false })));
  return [bars, slider, ends];
}

function markDeparture(picker, journey) {
  const minute = Math.round((journey.depart_s - journey.window.first_s) / 60);
  picker.querySelectorAll("rect").forEach((bar, place) => bar.classList.toggle("now", place === minute));
  const slider = picker.querySelector("input");
  slider.value = String(minute);
  slider.setAttribute("aria-valuetext", `${clock(journey.depart_s, { exact: false })} ${duration(journey.seconds)}`);
}

/* ---- the legs ---- */
function drawLegs(journey) {
  const words = el("p", "", el("b", "", t("journey_depart", { time: clock(journey.depart_s, { exact: false }) })));
  if (known(journey.seconds)) words.append(t("comma"), t("journey_total", { time: duration(journey.seconds) }));
  const walk = journey.walk;
  const beside = walk && journey.by === "ride" ? el("p", "quiet", t("journey_versus_walk", { time: duration(walk.walk_s), m: metres(walk.walk_m) })) : null;
  const head = el("div", "journey-head", el("div", "", words, beside), journey.legs.length ? drawShow(journey) : null);
  const list = el("ol", "legs");
  journey.legs.forEach((leg, place) => list.append(drawLeg(leg, journey.legs[place - 1])));
  if (journey.legs.length) list.append(el("li", "leg leg-end", el("time", "", clock(journey.arrive_s)), el("span", "", t("journey_arrive", { name: roomy(nameEnd(journey)) }).trim())));
  const note = pick({ note_zh: journey.note, note_en: journey.note_en }, "note");
  const rests = [t("journey_pace", { who: t(`pace_${journey.traveller}`), n: journey.speed_m_s })];
  if (journey.by === "ride" && journey.timetable.source === "osm") rests.push(t("journey_osm"));
  return [head, note ? el("p", "journey-note", note) : null, list, journey.legs.length ? el("p", "quiet", rests.join(t("stop"))) : null].filter(Boolean);
}

function drawShow(journey) {
  const button = el("button", "journey-show", t("journey_show"));
  button.type = "button";
  button.addEventListener("click", () => traceJourney(listLegs(journey), { zoom: true }));
  return button;
}

/** Seconds of a leg between the clock times shown, so that what is read adds up. */
const between = (leg) => duration(Math.floor(leg.end_s) - Math.floor(leg.begin_s));

function drawLeg(leg, before) {
  const words = { walk: sayWalk, wait: sayWait, ride: sayRide }[leg.kind](leg, before);
  return el("li", `leg leg-${leg.kind}`, el("time", "", clock(leg.begin_s)), el("span", "", ...words));
}

function sayWalk(leg) {
  const time = between(leg);
  const walk = known(leg.walk_m) ? t("leg_walk", { m: metres(leg.walk_m), time }) : t("leg_walk_untold", { time });
  return leg.target.stop_id ? [walk, " ", el("small", "", t("leg_to", { name: roomy(leg.target.name) }).trim())] : [walk];
}

const sayWait = (leg, before) => [t(before && before.origin.stop_id ? "leg_change" : "leg_wait", { time: between(leg) })];

function sayRide(leg) {
  const line = leg.line;
  const label = line.ref || line.name;
  const badge = el("b", `line line-${line.mode}`, label || t(`line_${line.mode}`));
  const mode = label ? `${t(page.words[`line_${line.mode}`] ? `line_${line.mode}` : "line_other")} ` : "";
  const far = t(leg.n_stops === 1 ? "leg_ride_one" : "leg_ride", { stops: leg.n_stops, time: between(leg) });
  const towards = line.headsign ? `${t("leg_towards", { name: roomy(line.headsign) }).trim()}${language.now === "zh" ? "，" : ", "}` : "";
  return [mode, badge, t("comma"), far, " ", el("small", "", `${towards}${t("leg_off", { name: roomy(leg.target.name) })}`)];
}

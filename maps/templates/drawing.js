/* ---- what is drawn ---- */
const coverage = () => data.coverage[state.limit];
const unknownFill = hatch(palette.coverage.unknown.stripe, palette.coverage.unknown.ground);

LC.communityStyle = (feature) => {
  const i = feature.properties.i;
  const scored = state.view === "scores" ? statusOf(state.card, i) : "";
  const cls = scored ? (scored === "unknown" ? -1 : 0) : coverage().cls[i];
  const away = state.district && communities.district[i] !== state.district;
  const near = LC.map ? LC.map.getZoom() >= DETAIL_ZOOM : false;
  const chosen = state.chosen === i || (state.open && state.open.type === "community" && state.open.i === i);
  const filled = state.view !== "minutes";
  const style = {
    color: cls < 0 ? palette.coverage.unknown.outline : palette.coverage.outline,
    weight: chosen ? 3 : 1,
    opacity: away ? 0.25 : chosen ? 1 : 0.75,
    dashArray: cls < 0 && !chosen ? "5 4" : null,
    fill: true,
    fillColor: cls < 0 ? unknownFill : scored ? palette.status[scored] || palette.status.not_applicable : palette.coverage.colors[cls],
    fillOpacity: palette.coverage.fill_opacity * (near ? 0.5 : 1),
  };
  if (!filled) style.fillOpacity = 0;
  else if (cls < 0) style.fillOpacity = 1;
  if (away) style.fillOpacity *= 0.15;
  return style;
};
LC.bindCommunity = (feature, layer) => {
  const i = feature.properties.i;
  LC.outlines[i] = layer;
  layer.on("click", (event) => { L.DomEvent.stop(event); chooseCommunity(i, event.latlng); tell(i); });
  if (!L.Browser.mobile) layer.bindTooltip(() => append(el("span"), el("b", "", communityName(i)), ` ${state.view === "scores" ? sayStatus(state.card, i) : percent(coverage().share[i])}`), { sticky: true, direction: "top", opacity: 1 });
};
LC.outlines = [];

const facilityRadius = (zoom) => {
  const crowded = facilities.id.length > 400 ? 0.75 : 1;
  return Math.max(2.2, Math.min(7, (zoom - 8) * 0.9) * crowded);
};
LC.facilityStyle = (feature) => {
  const { i, part } = feature.properties;
  const off = facilities.connected[i] === false;
  if (part === "area") return { color: data.color, weight: 1, opacity: 0.8, fill: true, fillColor: data.color, fillOpacity: off ? 0.08 : 0.22 };
  return { color: off ? data.color : "#ffffff", weight: off ? 2 : 1.2, opacity: 1, fill: true, fillColor: off ? "#ffffff" : data.color, fillOpacity: 1 };
};
LC.circles = [];
LC.areas = [];
LC.bindFacility = (feature, layer) => {
  const { i, part } = feature.properties;
  (part === "area" ? LC.areas : LC.circles).push(layer);
  layer.on("click", (event) => { L.DomEvent.stop(event); openFacility(i); });
};

const homes = { ...shared.homes };
const access = {};
const unpackHomes = () => {
  homes.steps = LC.steps(shared.homes.points);
  homes.snapped = LC.steps(shared.homes.snap, homes.steps);
  for (const name of ["community", "street", "name"]) homes[name] = LC.naturals(shared.homes[name]);
  for (const name of ["households", "leg_m"]) homes[name] = LC.optional(shared.homes[name]);
  for (const name of ["connected", "source"]) homes[name] = LC.codes(shared.homes[name]);
  access.seconds = LC.optional(data.access.seconds);
  access.entrance = LC.naturals(data.access.entrance);
  for (const name of ["best", "worst", "depart"]) access[name] = data.access[name] ? LC.optional(data.access[name]) : null;
  access.other = data.other ? LC.optional(data.other.seconds) : null;
  homes.size = Float32Array.from(homes.households, (tenths) => Math.sqrt(Math.max(1, (known(tenths) ? tenths : 40) / 10)));
};
/* where the data hold no such facility nobody is covered and nobody is left out */
const isLeftOut = (i) => data.measured && !isCovered(i);
const isCovered = (i) => access.seconds[i] <= 60 * Number(state.limit);
const isAway = (i) => state.district && communities.district[homes.community[i] - 1] !== state.district;
const homeRadius = (i, zoom) => Math.max(zoom < 14 ? 0.8 : 2, Math.min(13, homes.size[i] * 0.42 * Math.pow(1.6, zoom - 15)));
const dotStyle = (fill, alpha) => (zoom) => ({ fill, alpha: zoom < 14 ? alpha * 0.75 : alpha, halo: palette.homes.halo, haloWidth: zoom >= 14.5 ? 1 : 0 });

const streetStyle = (rank, zoom) => {
  const path = rank >= 2;
  if (path && zoom < 14) return null;
  const weight = (rank === 0 ? 1.5 : rank === 1 ? 0.9 : 0.6) * Math.pow(1.28, zoom - 14);
  return { color: rank === 3 ? palette.base.set_aside : palette.base.street, weight: Math.min(weight, 3.2), alpha: rank === 3 ? 0.9 : zoom < 13 ? 0.22 : 0.32, dash: rank === 3 ? [3, 3] : null };
};
const minuteStyle = (cls, zoom) => {
  const reached = cls < palette.minutes.colors.length;
  const weight = Math.max(0.9, Math.min(5, 1.7 * Math.pow(1.3, zoom - 14)));
  if (!reached) return { color: palette.minutes.unreached, weight: weight * 0.7, dash: [2, 4] };
  /* far streets are many and say one thing: they stay thin in the overview */
  const far = cls === palette.minutes.colors.length - 1 && zoom < 14;
  return { color: palette.minutes.colors[cls], weight: far ? weight * 0.7 : weight, alpha: far ? 0.75 : 1 };
};

const streetRanks = LC.codes(shared.streets.rank);
const drawStreets = () => {
  const shapes = LC.shapes(shared.streets);
  const painted = LC.codes(data.minutes);
  const plain = new LC.Shapes(shapes, streetRanks, 4, streetStyle, { interactive: false, pane: "overlayPane" });
  const byMinutes = painted.length ? new LC.Shapes(shapes, painted.map((cls, i) => (streetRanks[i] === 3 ? 99 : cls)), palette.minutes.colors.length + 1, minuteStyle, { interactive: false }) : null;
  return { plain, byMinutes };
};

/* ---- lines and stops ---- */
const STOP_ZOOM = 13.5, RANKS = 5, RAIL = 4;
const stops = {};
const unpackStops = () => {
  if (!transit) return;
  stops.steps = LC.steps(transit.stops.points);
  stops.departures = LC.naturals(transit.stops.departures);
  stops.connected = LC.codes(transit.stops.connected);
  stops.lines = LC.naturals(transit.stops.lines);
  stops.first = [0];
  for (const n of LC.naturals(transit.stops.n_lines)) stops.first.push(stops.first[stops.first.length - 1] + n);
  stops.vehicle = LC.codes(transit.lines.mode);
  stops.assumed = LC.codes(transit.lines.assumed);
  stops.rank = LC.codes(transit.lines.rank);
};
const linesOf = (i) => Array.from(stops.lines.slice(stops.first[i], stops.first[i + 1]));
/* ranks: lines that do not run in the window, then streets, water, tram, rail */
const lineStyle = (rank, zoom) => {
  const weight = [0.8, 1.1, 1.1, 1.7, 2.4][rank] * Math.max(0.75, Math.min(2, Math.pow(1.2, zoom - 13)));
  /* streets by minutes are lines too: theirs must stay the louder ones */
  const alpha = (rank === 0 ? 0.35 : rank === RAIL ? 0.85 : 0.55) * (state.view === "minutes" ? 0.6 : 1) * (journey.legs ? 0.45 : 1);
  return { color: palette.transit.line, weight, alpha, dash: rank === 0 ? [2, 4] : rank === 2 ? [6, 4] : null };
};
const stopRadius = (zoom) => Math.max(1.6, Math.min(5.5, 2.4 * Math.pow(1.35, zoom - 15)));
const drawTransit = () => {
  if (!transit) return null;
  const shapes = LC.shapes(transit.lines);
  const lines = new LC.Shapes(shapes, stops.rank, RANKS, lineStyle, { interactive: false });
  const chosen = new LC.Shapes(shapes, new Uint8Array(shapes.n).fill(1), 1, (_, zoom) => ({ color: palette.transit.line, weight: zoom < 14 ? 3.5 : 5, alpha: 0.9 }), { interactive: false });
  const dots = new LC.Dots(stops.steps, (i, zoom) => stopRadius(zoom), (zoom) => (zoom < STOP_ZOOM ? null : { fill: palette.transit.casing, halo: palette.transit.line, haloWidth: zoom < 15 ? 1.2 : 1.8 }), {});
  return { lines, chosen, dots };
};
/* the lines of one stop, or none: -1 */
const chooseLines = (stop) => {
  if (!drawn || !drawn.transit) return;
  const { chosen } = drawn.transit, wanted = new Uint8Array(chosen.shapes.n).fill(1);
  if (stop >= 0) for (const line of linesOf(stop)) wanted[line] = 0;
  chosen.setClasses(wanted, 1).redraw();
};

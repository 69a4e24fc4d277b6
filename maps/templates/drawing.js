/* ---- what is drawn ---- */
const coverage = () => data.coverage[state.limit];
const unknownFill = (() => {
  const ratio = Math.min(3, Math.ceil(window.devicePixelRatio || 1)), side = 8;
  const tile = document.createElement("canvas");
  tile.width = tile.height = side * ratio;
  const ctx = tile.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = palette.coverage.unknown.ground;
  ctx.globalAlpha = 0.55;
  ctx.fillRect(0, 0, side, side);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = palette.coverage.unknown.stripe;
  ctx.lineWidth = 1.3;
  ctx.beginPath();
  for (const shift of [-side, 0, side]) { ctx.moveTo(shift, side); ctx.lineTo(shift + side, 0); }
  ctx.stroke();
  const pattern = ctx.createPattern(tile, "repeat");
  if (pattern && pattern.setTransform) pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
})();

LC.communityStyle = (feature) => {
  const i = feature.properties.i;
  const cls = coverage().cls[i];
  const away = state.district && communities.district[i] !== state.district;
  const near = LC.map ? LC.map.getZoom() >= DETAIL_ZOOM : false;
  const chosen = state.open && state.open.type === "community" && state.open.i === i;
  const filled = state.view === "coverage";
  const style = {
    color: cls < 0 ? palette.coverage.unknown.outline : palette.coverage.outline,
    weight: chosen ? 3 : 1,
    opacity: away ? 0.25 : chosen ? 1 : 0.75,
    dashArray: cls < 0 && !chosen ? "5 4" : null,
    fill: true,
    fillColor: cls < 0 ? unknownFill : palette.coverage.colors[cls],
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
  layer.on("click", (event) => { L.DomEvent.stop(event); openCommunity(i, event.latlng); tell(i); });
  if (!L.Browser.mobile) layer.bindTooltip(() => append(el("span"), el("b", "", communityName(i)), ` ${percent(coverage().share[i])}`), { sticky: true, direction: "top", opacity: 1 });
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

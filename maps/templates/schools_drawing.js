/* ---- what is drawn ---- */
const unknownFill = hatch(palette.coverage.unknown.stripe, palette.coverage.unknown.ground);
const buildingFill = hatch(colors.parcel.kept, colors.parcel.tint, { side: 6, width: 1.8, ground_alpha: 0.9 });
const rezonedFill = hatch(colors.parcel.lost, colors.parcel.lost_tint, { side: 6, width: 1.4, ground_alpha: 0.9 });
const occupiedFill = hatch(colors.parcel.lost, colors.parcel.lost_tint, { side: 6, width: 1.8, ground_alpha: 0.9, both: true });
const takenFill = hatch(colors.taken, "#ffffff", { side: 5, width: 1.6, ground_alpha: 0.35 });
const DETAIL_ZOOM = 16.5;
const isChosen = (what, i) => Boolean(state.chosen) && state.chosen.what === what && state.chosen.i === i;

LC.outlines = [];
LC.boxes = [];
const boxOf = (bounds) => {
  const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
  const [x0, y1, x1, y0] = LC.mercator([west, south, east, north].map((degrees) => Math.round(degrees * 1e5)));
  return [x0, y0, x1, y1];
};
LC.communityStyle = (feature) => {
  const i = feature.properties.i, shade = shadeOf(i), away = isAway(communities.district[i]);
  const near = LC.map ? LC.map.getZoom() >= DETAIL_ZOOM : false, unknown = shade === "unknown";
  const chosen = isChosen("community", i), loses = (state.loses || []).some((one) => one.i === i);
  const fill = typeof shade === "number" ? colors.colors[shade] : unknown ? unknownFill : colors[shade];
  return {
    color: loses ? colors.loses : chosen ? colors.chosen : unknown ? palette.coverage.unknown.outline : palette.coverage.outline,
    weight: chosen || loses ? 3 : communities.id.length > 400 ? 0.5 : 1,
    opacity: away ? 0.25 : chosen || loses ? 1 : 0.7,
    dashArray: loses ? "7 4" : unknown && !chosen && communities.id.length <= 400 ? "5 4" : null,
    fill: true,
    fillColor: fill,
    fillOpacity: (unknown ? 1 : colors.fill_opacity) * (near ? 0.55 : 1) * (away ? 0.15 : 1),
  };
};
LC.bindCommunity = (feature, layer) => {
  const i = feature.properties.i;
  LC.outlines[i] = layer;
  LC.boxes[i] = boxOf(layer.getBounds());
  layer.on("click", (event) => { L.DomEvent.stop(event); LC.hint = layer; openCommunity(i, event.latlng); tell("community", communities.id[i]); });
  if (!L.Browser.mobile) layer.bindTooltip(() => append(el("span"), el("b", "", communityName(i)), ` ${sayVerdict(tellCommunity(i))}`), { sticky: true, direction: "top", opacity: 1 });
};

LC.lots = [];
LC.parcelStyle = (feature) => {
  const i = feature.properties.i, status = parcels.status[i], own = teaches(i) && !parcelAway(i), chosen = isChosen("parcel", i);
  const lost = LOST.has(status), color = !status ? colors.parcel.unknown : lost ? colors.parcel.lost : colors.parcel.kept;
  const fills = { reserved: colors.parcel.tint, granted: colors.parcel.tint, building: buildingFill, open: colors.parcel.kept, "re-zoned": rezonedFill, occupied: occupiedFill };
  return {
    color: chosen ? colors.chosen : color,
    weight: chosen ? 4 : own ? 2.2 : 1,
    opacity: own || chosen ? 1 : 0.5,
    dashArray: chosen ? null : { reserved: "6 4", "re-zoned": "2 4" }[status] || (status ? null : "1 4"),
    fill: true,
    fillColor: fills[status] || colors.halo,
    fillOpacity: own || chosen ? (status === "open" ? 0.8 : 0.9) : 0.3,
  };
};
LC.bindParcel = (feature, layer) => {
  const i = feature.properties.i;
  LC.lots[i] = layer;
  layer.on("click", (event) => { L.DomEvent.stop(event); LC.hint = layer; openParcel(i, event.latlng); tell("parcel", parcels.id[i]); });
  if (!L.Browser.mobile) layer.bindTooltip(() => append(el("span"), el("b", "", parcels.id[i]), ` ${levelName(parcels.level[i])} · ${parcelStatus(i)}`), { sticky: true, direction: "top", opacity: 1 });
};
const lotBounds = (i) => (LC.lots[i].getBounds ? LC.lots[i].getBounds() : L.latLng(LC.lots[i].getLatLng()).toBounds(160));
/* longer side of a parcel on the unit square; one drawn as a point has its circle */
LC.spanOf = (i) => {
  if (!LC.lots[i] || !LC.lots[i].getBounds) return Infinity;
  const lot = LC.lots[i];
  if (lot.span === undefined) { const [x0, y0, x1, y1] = boxOf(lot.getBounds()); lot.span = Math.max(x1 - x0, y1 - y0); }
  return lot.span;
};

const streetStyle = (rank, zoom) => {
  const path = rank >= 2;
  if (path && zoom < 14) return null;
  const weight = (rank === 0 ? 1.5 : rank === 1 ? 0.9 : 0.6) * Math.pow(1.28, zoom - 14);
  return { color: rank === 3 ? palette.base.set_aside : palette.base.street, weight: Math.min(weight, 3.2), alpha: zoom < 13 ? 0.2 : 0.3, dash: rank === 3 ? [3, 3] : null };
};
const drawGround = () => {
  const ground = { water: { fill: palette.base.water }, green: { fill: palette.base.green }, rail: { color: palette.base.rail, weight: 1.4, dash: [6, 3] } };
  for (const kind of ["green", "water", "rail"]) new LC.Shapes(LC.shapes(shared.ground[kind]), null, 1, () => ground[kind], { interactive: false, pane: "ground" }).addTo(layers.layer_ground);
};

/* rows of the year: those of the last year named up to it */
const catchmentRows = () => {
  const own = unpackLevel(level()), packed = own.catchments;
  if (!own.rows) own.rows = { year: LC.naturals(packed.year), school: LC.naturals(packed.school), source: LC.codes(packed.source), shape: LC.naturals(packed.shape), children: tenths(packed.children) };
  let from = -1;
  for (const named of own.rows.year) if (named <= state.year && named > from) from = named;
  const found = [];
  own.rows.year.forEach((named, n) => { if (named === from) found.push(n); });
  return { rows: own.rows, found };
};
const catchmentShapes = () => { const own = level(); return (own.shapes = own.shapes || LC.shapes(own.catchments)); };
const catchmentStyle = (kind, zoom) => {
  const mine = kind >= 2, assigned = kind % 2 === 0, weight = (mine ? 2.6 : 1.3) * (zoom < 13 ? 0.8 : 1);
  return { color: colors.catchment, weight: assigned ? weight * 1.5 : weight, dash: assigned ? null : [4, 3], fill: mine && !assigned ? "rgb(31 95 168 / 24%)" : null, alpha: mine ? 1 : 0.35 };
};
/* classes: 0 assigned, 1 placed, and the same of the chosen school as 2, 3; beside it no other is drawn */
const classCatchments = (mine) => {
  const { rows, found } = catchmentRows(), classes = new Uint8Array(catchmentShapes().n).fill(9);
  for (const n of found) {
    const chosen = isChosen("school", rows.school[n]);
    if (mine ? chosen : !(state.chosen && state.chosen.what === "school")) classes[rows.shape[n]] = rows.source[n] + (mine ? 2 : 0);
  }
  return classes;
};
const drawCatchments = () => {
  if (drawn.catchments) { layers.schools_layer_catchments.removeLayer(drawn.catchments); LC.map.removeLayer(drawn.mine); }
  const build = (mine) => new LC.Shapes(catchmentShapes(), classCatchments(mine), 4, catchmentStyle, { interactive: false });
  drawn.catchments = build(false).addTo(layers.schools_layer_catchments);
  drawn.mine = build(true).addTo(LC.map);
};

/* what was found about the chosen parcel, where it can be drawn */
const FOUND_GAP = 0, FOUND_MET = 1;
const findingStyle = (kind) => ({ color: kind === FOUND_GAP ? colors.taken : colors.parcel.kept, weight: kind === FOUND_GAP ? 3 : 2.4, dash: kind === FOUND_GAP ? [7, 4] : null });
const drawFindings = () => {
  const { shapes: packed } = data.findings, shapes = LC.shapes(packed);
  const owner = LC.naturals(packed.parcel), gap = LC.codes(packed.gap);
  drawn.findings = new LC.Shapes(shapes, new Uint8Array(shapes.n).fill(9), 2, findingStyle, { interactive: false }).addTo(LC.map);
  drawn.classFindings = () => drawn.findings.setClasses(Uint8Array.from(owner, (i, n) => (isChosen("parcel", i) ? (gap[n] ? FOUND_GAP : FOUND_MET) : 9)), 2).redraw();
};

let layers = null, crisp = null;
const drawn = {};
const drawAll = () => {
  const map = LC.map, signs = (paint, hit, open) => {
    const painter = new LC.Painter(paint, hit, { interactive: Boolean(hit) });
    if (hit) painter.on("click", (event) => { L.DomEvent.stop(event); open(painter.hit, event.latlng); });
    return painter;
  };
  drawGround();
  drawn.streets = new LC.Shapes(LC.shapes(shared.streets), LC.codes(shared.streets.rank), 4, streetStyle, { interactive: false }).addTo(layers.layer_streets);
  drawn.clusters = new LC.Shapes(LC.shapes(clusters), classClusters(), 1, () => ({ color: colors.cluster, weight: 2.6, dash: [10, 6] }), { interactive: false }).addTo(layers.schools_layer_clusters);
  drawn.sums = signs(paintClusters).addTo(layers.schools_layer_clusters);
  map.removeLayer(layers.parcels);
  layers.parcels.addTo(layers.schools_layer_parcels);
  drawn.taken = new LC.Shapes(LC.shapes(data.findings.taken), null, 1, () => ({ color: colors.taken, weight: 1.4, fill: takenFill }), { interactive: false }).addTo(layers.schools_layer_taken);
  drawFindings();
  drawn.schools = signs(paintSchools, hitSchool, (i, at) => { openSchool(i, at); tell("school", level().schools.id[i]); }).addTo(layers.schools_layer_schools);
  drawn.parcels = signs(paintParcels, hitParcel, (i, at) => { openParcel(i, at); tell("parcel", parcels.id[i]); }).addTo(layers.schools_layer_parcels);
  drawn.numbers = signs(paintNumbers).addTo(layers.schools_layer_numbers);
  drawn.losses = signs(paintLosses).addTo(map);
  drawCatchments();
};
/* one canvas holds everything: draw order is kept whatever is switched on last */
const order = () => {
  const stack = [drawn.streets, drawn.catchments, drawn.clusters, drawn.mine, ...LC.lots, drawn.taken, drawn.findings, drawn.schools, drawn.parcels, drawn.sums, drawn.numbers, drawn.losses];
  for (const layer of stack) if (layer && LC.map.hasLayer(layer)) layer.bringToFront();
};
const restyle = () => {
  layers.communities.setStyle(LC.communityStyle);
  for (const lot of LC.lots) if (lot) lot.setStyle(LC.parcelStyle(lot.feature));
  drawn.catchments.setClasses(classCatchments(false), 4).redraw();
  drawn.mine.setClasses(classCatchments(true), 4).redraw();
  drawn.classFindings();
  drawn.clusters.setClasses(classClusters(), 1).redraw();
  for (const signs of [drawn.schools, drawn.parcels, drawn.numbers, drawn.sums, drawn.losses]) signs.redraw();
};

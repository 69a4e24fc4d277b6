/* ---- messages with the page around this one ---- */
const tell = (i) => { if (framed) parent.postMessage({ type: "lifecircle:select", community_id: communities.id[i] }, location.origin); };
const hear = (event) => {
  if (event.origin !== location.origin || !event.data || typeof event.data !== "object") return;
  const message = event.data;
  if (message.type === "lifecircle:focus") {
    const i = communities.id.indexOf(String(message.community_id));
    if (i >= 0) focusCommunity(i);
    else leaveCommunity();
  } else if (message.type === "lifecircle:shade") setShade(message.card);
  else if (message.type === "lifecircle:lang" && (message.lang === "zh" || message.lang === "en")) setLanguage(message.lang, false);
  else if (message.type === "lifecircle:district") setDistrict(String(message.district || ""));
  else if (message.type === "lifecircle:journey") drawJourney(message.journey, message.zoom === true);
};
const focusCommunity = (i) => {
  const layer = LC.outlines[i];
  if (layer) LC.map.fitBounds(layer.getBounds(), { ...padding(), maxZoom: 16, animate: false });
  if (state.chosen !== i) chooseCommunity(i);
};
/* the page around this one has closed its card */
const leaveCommunity = () => {
  if (keepsClear) chooseCommunity(-1);
  else if (state.open && state.open.type === "community") LC.map.closePopup();
};
const setDistrict = (district) => {
  state.district = communities.district.includes(district) ? district : "";
  const bounds = L.latLngBounds([]);
  LC.outlines.forEach((layer, i) => { if (!state.district || communities.district[i] === state.district) bounds.extend(layer.getBounds()); });
  if (bounds.isValid()) LC.map.fitBounds(bounds, { ...padding(), animate: false });
  fillLegend();
  restyle();
};

/* ---- search ---- */
const listNames = () => [
  ...communities.id.map((id, i) => ({ type: "community", i, words: `${communities.name[i]} ${id}`.toLowerCase() })),
  ...facilities.id.map((_, i) => ({ type: "facility", i, words: facilities.name[i].toLowerCase() })).filter((entry) => entry.words),
];
const openFound = ({ type, i }) => {
  if (type === "community") { focusCommunity(i); tell(i); return; }
  LC.map.setView([facilities.lat[i], facilities.lon[i]], Math.max(16, LC.map.getZoom()), { animate: false });
  openFacility(i);
};
const describeFound = ({ type, i }) => (type === "community" ? [communityName(i), communities.district[i] || t("search_community")] : [facilities.name[i], kindName()]);

/* ---- legend ---- */
const fillLegend = () => {
  const counts = {};
  coverage().cls.forEach((cls, i) => { if (!state.district || communities.district[i] === state.district) counts[cls] = (counts[cls] || 0) + 1; });
  for (const cell of document.querySelectorAll("[data-class]")) cell.textContent = counts[cell.dataset.class] || "";
  for (const part of document.querySelectorAll("[data-view]")) part.hidden = part.dataset.view !== state.view;
  /* the rules on a kind stand behind its coverage, not behind a circle */
  for (const part of document.querySelectorAll("[data-beside]")) part.hidden = state.view === "scores";
  fillScores();
  for (const part of document.querySelectorAll("[data-layer]")) part.hidden = !layers || !LC.map.hasLayer(layers[`layer_${part.dataset.layer}`]);
  document.getElementById("lc-coverage-note").textContent = t(data.any_households ? "legend_coverage_note" : "legend_coverage_note_plain", { limit: state.limit, kind: kindName() });
  document.getElementById("lc-n-facilities").textContent = `${kindName()} · ${t("legend_facility_n", { n: count(facilities.id.length) })}`;
};
const fillFigure = () => {
  const box = document.getElementById("lc-figure"), summary = data.summary[state.limit];
  box.replaceChildren();
  if (!summary || summary.status === "unknown" || !known(summary.share)) {
    append(box, el("b", "", t("unknown")), el("span", "", (summary && summary.reason[state.lang]) || t("unknown_kind")));
    return;
  }
  const sub = known(summary.households) && known(summary.covered) ? t("city_share_sub", { covered: count(summary.covered), total: count(summary.households) }) : t("card_of_weight", { source: `demand_${summary.basis}` in text ? t(`demand_${summary.basis}`) : t("city_share_weight") });
  const other = data.other ? data.other.summary[state.limit] : null;
  const beside = known(other) ? t(`city_other_${data.other.mode}`, { share: percent(other) }) : "";
  append(box, el("span", "", t("city_share", { limit: state.limit })), el("b", "", percent(summary.share)), beside ? el("span", "", beside) : null, el("span", "lc-of", sub));
};

/* ---- language, limit, view ---- */
const translate = () => {
  translatePage(kindName());
  fillLegend();
  fillFigure();
  refillCard();
};
const setLimit = (limit) => {
  state.limit = limit;
  for (const button of document.querySelectorAll("[data-limit]")) button.setAttribute("aria-checked", String(button.dataset.limit === limit));
  restyle();
  translate();
};
/* what the legend and the list of layers cover is no place for the city */
const padding = () => {
  const width = LC.map.getSize().x;
  const left = width >= 720 ? 330 : 20;
  const right = width >= 1100 ? 240 : 20;
  const high = width >= 720 ? 24 : 60;
  return { paddingTopLeft: [left, high], paddingBottomRight: [right, high] };
};

/* ---- the same place in the other mode ---- */
const siblingOf = (mode, href) => {
  const asked = new URLSearchParams(href.includes("?") ? href.slice(href.indexOf("?")) : "");
  const { lat, lng } = LC.map.getCenter();
  asked.set("limit", state.limit);
  asked.set("at", [lat.toFixed(5), lng.toFixed(5), LC.map.getZoom()].join(","));
  if (stored() !== state.lang) asked.set("lang", state.lang);
  if (state.open && state.open.type === "community") asked.set("community", communities.id[state.open.i]);
  else asked.delete("community");
  if (state.view === "coverage") asked.delete("view");
  else asked.set("view", state.view);
  if (state.view === "scores") asked.set("card", [cardPack(shared.cards.list[state.card]).code, shared.cards.list[state.card].card].join(" "));
  else asked.delete("card");
  return `${href.split("?")[0]}?${asked}`;
};
const reopen = () => {
  const at = (query.get("at") || "").split(",").map(Number);
  if (at.length === 3 && at.every(Number.isFinite)) LC.map.setView([at[0], at[1]], at[2], { animate: false });
  if (query.get("view") === "minutes") setView("minutes");
  if (query.get("view") === "scores") { const [pack, card] = (query.get("card") || "").split(" "); setShade({ pack, card }); }
  const i = communities.id.indexOf(query.get("community") || "");
  if (i >= 0) openCommunity(i);
};

let layers = null, drawn = null, crisp = null;
const restyle = () => {
  if (!layers) return;
  layers.communities.setStyle(LC.communityStyle);
  for (const dots of drawn.dots) dots.redraw();
};
/* one canvas holds all that can be clicked: draw order is kept whatever is switched on last */
const order = () => {
  const map = LC.map;
  const { lines, chosen } = drawn.transit || {};
  for (const layer of [drawn.plain, drawn.byMinutes, lines, chosen, ...LC.areas, ...drawn.dots, ...LC.circles]) if (layer && map.hasLayer(layer)) layer.bringToFront();
};
const rescale = () => {
  const zoom = LC.map.getZoom(), radius = facilityRadius(zoom), near = zoom >= DETAIL_ZOOM;
  for (const circle of LC.circles) if (circle.getRadius() !== radius) circle.setRadius(radius);
  if (crisp !== near) { crisp = near; restyle(); }
};

LC.start = (parts) => {
  const map = takeMap(parts);
  LC.marks = L.layerGroup().addTo(map);

  unpackHomes();
  LC.ways = { steps: LC.steps(data.entrances.points), facility: LC.naturals(data.entrances.facility), by: LC.codes(data.entrances.by) };
  const uncovered = new LC.Dots(homes.steps, (i, zoom) => (isLeftOut(i) && !isAway(i) ? homeRadius(i, zoom) : 0), dotStyle(palette.homes.uncovered, 0.85), { hitZoom: 13 });
  const covered = new LC.Dots(homes.steps, (i, zoom) => (isCovered(i) && !isAway(i) ? homeRadius(i, zoom) : 0), dotStyle(palette.homes.covered, 0.7), { hitZoom: 14 });
  const ways = new LC.Dots(LC.ways.steps, () => 3, (zoom) => (zoom < ENTRANCE_ZOOM ? null : { fill: "#ffffff", halo: data.color, haloWidth: 2, square: true }), {});
  uncovered.on("click", (event) => { L.DomEvent.stop(event); openHome(uncovered.hit); });
  covered.on("click", (event) => { L.DomEvent.stop(event); openHome(covered.hit); });
  ways.on("click", (event) => { L.DomEvent.stop(event); show("entrance", ways.hit, LC.latlng(LC.ways.steps, ways.hit)); });
  unpackStops();
  drawn = { ...drawStreets(), transit: drawTransit(), dots: [covered, uncovered, ways] };
  if (drawn.transit) {
    const { lines, chosen, dots } = drawn.transit;
    drawn.dots.push(dots);
    dots.on("click", (event) => { L.DomEvent.stop(event); openStop(dots.hit); });
    for (const part of [lines, chosen, dots]) part.addTo(layers.layer_transit);
    if (data.mode === "walk_transit") layers.layer_transit.addTo(map);
  }
  covered.addTo(layers.layer_covered);
  uncovered.addTo(layers.layer_uncovered);
  ways.addTo(layers.layer_entrances);
  drawn.plain.addTo(layers.layer_streets);
  if (drawn.byMinutes) drawn.byMinutes.addTo(layers.view_minutes);
  map.removeLayer(layers.facilities);
  layers.facilities.addTo(layers.layer_facilities);

  const ground = { water: { fill: palette.base.water }, green: { fill: palette.base.green }, rail: { color: palette.base.rail, weight: 1.4, dash: [6, 3] } };
  for (const kind of ["green", "water", "rail"]) {
    const shapes = LC.shapes(shared.ground[kind]);
    new LC.Shapes(shapes, null, 1, () => ground[kind], { interactive: false, pane: "ground" }).addTo(layers.layer_ground);
  }

  addControls(map, { names: listNames(), open: openFound, describe: describeFound }, `/?kind=${encodeURIComponent(data.kind)}`);

  map.on("zoomend", rescale);
  map.on("moveend resize", placeLabels);
  map.on("overlayadd", order);
  map.on("overlayadd overlayremove", fillLegend);
  map.on("baselayerchange", (event) => {
    state.view = VIEWS.find((view) => event.layer === layers[`view_${view}`]) || "coverage";
    fillLegend();
    restyle();
    order();
  });
  map.on("popupclose", (event) => {
    if (event.popup !== LC.popup) return;
    state.open = null;
    LC.marks.clearLayers();
    chooseLines(-1);
    restyle();
  });
  for (const button of document.querySelectorAll("[data-limit]")) button.addEventListener("click", () => setLimit(button.dataset.limit));
  startScores();
  for (const link of document.querySelectorAll("#lc-modes a")) for (const event of ["pointerdown", "focus"]) link.addEventListener(event, () => { link.href = siblingOf(link.dataset.mode, link.getAttribute("href")); });

  map.fitBounds(layers.communities.getBounds(), { ...padding(), animate: false });
  rescale();
  order();
  if (!embedded) reopen();
  setLimit(state.limit);
  document.documentElement.dataset.ready = "1";
};

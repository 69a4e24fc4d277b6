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
const Search = L.Control.extend({
  options: { position: "topleft" },
  onAdd() {
    const box = el("div", "lc-search"), input = el("input"), clear = el("button", "lc-search-clear", "×"), list = el("ul");
    input.type = "search";
    input.autocomplete = "off";
    input.dataset.placeholder = "search";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", "lc-found");
    list.id = "lc-found";
    list.setAttribute("role", "listbox");
    clear.type = "button";
    clear.dataset.hint = "search_clear";
    clear.hidden = list.hidden = true;
    let found = [], at = 0;
    const names = [];
    communities.id.forEach((id, i) => names.push({ type: "community", i, words: `${communities.name[i]} ${id}`.toLowerCase() }));
    facilities.id.forEach((id, i) => { if (facilities.name[i]) names.push({ type: "facility", i, words: facilities.name[i].toLowerCase() }); });
    const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); };
    const mark = () => [...list.children].forEach((item, n) => { item.setAttribute("aria-selected", String(n === at)); if (n === at && item.scrollIntoView) item.scrollIntoView({ block: "nearest" }); });
    const choose = (entry) => {
      close();
      input.blur();
      if (entry.type === "community") { focusCommunity(entry.i); tell(entry.i); return; }
      const { i } = entry;
      LC.map.setView([facilities.lat[i], facilities.lon[i]], Math.max(16, LC.map.getZoom()), { animate: false });
      openFacility(i);
    };
    const search = () => {
      const words = input.value.trim().toLowerCase();
      clear.hidden = !input.value;
      list.replaceChildren();
      if (!words) { close(); return; }
      found = names.filter((entry) => entry.words.includes(words))
        .sort((a, b) => a.words.indexOf(words) - b.words.indexOf(words) || a.words.length - b.words.length).slice(0, 12);
      at = 0;
      for (const entry of found) {
        const item = el("li");
        item.setAttribute("role", "option");
        const isArea = entry.type === "community";
        append(item, el("b", "", isArea ? communityName(entry.i) : facilities.name[entry.i]),
          el("small", "", isArea ? communities.district[entry.i] || t("search_community") : kindName()));
        item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(entry); });
        list.append(item);
      }
      if (!found.length) list.append(el("li", "lc-none", t("search_none")));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark();
    };
    input.addEventListener("input", search);
    input.addEventListener("focus", () => { if (input.value) search(); });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { close(); return; }
      if (!found.length || list.hidden) return;
      if (event.key === "Enter") { event.preventDefault(); choose(found[at]); }
      else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
        mark();
      }
    });
    clear.addEventListener("click", () => { input.value = ""; search(); input.focus(); });
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    return append(box, input, clear, list);
  },
});

/* ---- legend ---- */
const Legend = L.Control.extend({
  options: { position: "bottomleft" },
  onAdd() {
    const box = document.getElementById("lc-legend-template").content.firstElementChild.cloneNode(true);
    const fold = box.querySelector(".lc-fold");
    const set = (folded) => { box.classList.toggle("lc-folded", folded); fold.setAttribute("aria-expanded", String(!folded)); };
    /* a narrow page has room for the legend or a card, not both */
    const narrow = () => LC.map.getSize().x < 720;
    fold.addEventListener("click", () => {
      set(!box.classList.contains("lc-folded"));
      if (narrow()) LC.map.closePopup();
    });
    LC.map.on("popupopen", () => { if (narrow()) set(true); });
    set(narrow());
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    this.resize = () => { box.style.maxHeight = `${Math.max(120, LC.map.getSize().y - (narrow() ? 130 : 190))}px`; };
    this.resize();
    return box;
  },
});
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
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.title = `${kindName()} · ${data.name}`;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-lang]")) node.hidden = node.dataset.lang !== state.lang;
  for (const node of document.querySelectorAll("[data-hint]")) { node.title = t(node.dataset.hint); node.setAttribute("aria-label", t(node.dataset.hint)); }
  for (const [part, key] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"], [".leaflet-control-layers-toggle", "layers"]]) {
    const node = document.querySelector(part);
    if (node) { node.title = t(key); node.setAttribute("aria-label", t(key)); }
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) { node.placeholder = t(node.dataset.placeholder); node.setAttribute("aria-label", node.placeholder); }
  fillLegend();
  fillFigure();
  const open = state.open;
  if (open && LC.popup && LC.map.hasLayer(LC.popup)) LC.popup.setContent(CARDS[open.type](open.i));
};
const setLanguage = (lang, keep) => {
  state.lang = lang;
  if (keep) try { localStorage.setItem(LANGUAGE_KEY, lang); } catch { /* private window: the choice is not kept */ }
  translate();
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
  const map = LC.map = parts.map;
  layers = parts.layers;
  document.body.classList.toggle("lc-embed", embedded);
  document.body.classList.toggle("lc-synthetic", data.synthetic);
  map.invalidateSize({ animate: false, pan: false });
  map.attributionControl.setPrefix(false);
  for (const line of shared.sources.attribution) map.attributionControl.addAttribution(el("span", "", line).innerHTML);
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

  new Search().addTo(map);
  const legend = new Legend().addTo(map);
  const corner = map.getContainer().querySelector(".leaflet-top.leaflet-left");
  corner.prepend(corner.querySelector(".lc-search"));
  const control = map.getContainer().querySelector(".leaflet-control-layers");
  const roomy = () => map.getSize().x >= 1100;
  const fold = () => control.classList.toggle("leaflet-control-layers-expanded", roomy());
  fold();
  /* opened by its button where there is no room to keep it open: it goes when the map is used again */
  map.on("mousedown touchstart popupopen", fold);
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || roomy()) return;
    fold();
    control.querySelector(".leaflet-control-layers-toggle").focus();
  });
  /* a map of the service has no list of maps beside it, the planner's page is that */
  if (/^https?:$/.test(location.protocol) && !location.pathname.endsWith(".html")) document.querySelector(".lc-home").href = `/?kind=${encodeURIComponent(data.kind)}`;

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
  map.on("resize", () => { fold(); legend.resize(); });
  document.getElementById("lc-lang").addEventListener("click", () => setLanguage(state.lang === "zh" ? "en" : "zh", true));
  for (const button of document.querySelectorAll("[data-limit]")) button.addEventListener("click", () => setLimit(button.dataset.limit));
  startScores();
  window.addEventListener("message", hear);
  document.addEventListener("keydown", (event) => { if (event.key === "Tab") document.body.classList.add("lc-keys"); });
  document.addEventListener("pointerdown", () => document.body.classList.remove("lc-keys"), true);
  for (const link of document.querySelectorAll("#lc-modes a")) for (const event of ["pointerdown", "focus"]) link.addEventListener(event, () => { link.href = siblingOf(link.dataset.mode, link.getAttribute("href")); });

  map.fitBounds(layers.communities.getBounds(), { ...padding(), animate: false });
  rescale();
  order();
  if (!embedded) reopen();
  setLimit(state.limit);
  document.documentElement.dataset.ready = "1";
};

/* ---- messages with the page around this one ---- */
const say = (message) => { if (framed) parent.postMessage(message, location.origin); };
const tell = (what, id) => say({ type: "lifecircle:select", what, id });
const hear = (event) => {
  if (event.origin !== location.origin || !event.data || typeof event.data !== "object") return;
  const message = event.data;
  const heard = {
    "lifecircle:schools": () => setView(message.level, message.year),
    "lifecircle:parcel": () => focusParcel(parcels.id.indexOf(String(message.parcel_id || ""))),
    "lifecircle:school": () => focusSchool(String(message.school_id || "")),
    "lifecircle:focus": () => focusCommunity(communities.id.indexOf(String(message.community_id || ""))),
    "lifecircle:district": () => setDistrict(String(message.district || "")),
    "lifecircle:release": () => setLosses(String(message.parcel_id || ""), message.communities),
    "lifecircle:lang": () => { if (message.lang === "zh" || message.lang === "en") setLanguage(message.lang, false); },
  }[message.type];
  if (heard) heard();
};
const goTo = (bounds, maxZoom) => LC.map.fitBounds(bounds, { ...padding(), maxZoom, animate: false });
/* what was clicked here is in view already: it is outlined, and the map stays where it is */
const focusOn = (what, i, go) => {
  if (i < 0) { if (!state.chosen || state.chosen.what === what) leave(); return; }
  if (isChosen(what, i)) return;
  LC.map.closePopup();
  go();
  choose(what, i);
};
const leave = () => { LC.map.closePopup(); choose(null); };
const focusParcel = (i) => focusOn("parcel", i, () => { if (LC.lots[i]) { layers.schools_layer_parcels.addTo(LC.map); goTo(lotBounds(i).pad(1.2), 17); } });
const focusCommunity = (i) => focusOn("community", i, () => { if (LC.outlines[i]) goTo(LC.outlines[i].getBounds(), 16); });
const focusSchool = (id) => {
  const at = data.levels.findIndex((one) => one.schools.id.includes(id));
  if (at >= 0 && !level().schools.id.includes(id)) setView(levelCodes[at], year());
  const i = level().schools.id.indexOf(id);
  focusOn("school", i, () => LC.map.setView(schoolAt(i), Math.max(15.5, LC.map.getZoom()), { animate: false }));
};
const setLosses = (parcel, rows) => {
  const found = (Array.isArray(rows) ? rows : []).map(({ community_id: id, lost, moved }) => ({ i: communities.id.indexOf(String(id)), lost: Number(lost) || 0, moved: Number(moved) || 0 })).filter(({ i, lost, moved }) => i >= 0 && (lost > 0 || moved > 0));
  state.loses = found.length ? found : null;
  const bounds = L.latLngBounds([]), i = parcels.id.indexOf(parcel);
  if (found.length && LC.lots[i]) bounds.extend(lotBounds(i));
  for (const one of found) if (LC.outlines[one.i]) bounds.extend(LC.outlines[one.i].getBounds());
  if (bounds.isValid()) goTo(bounds, 16);
  fillLegend();
  restyle();
  order();
};
const setDistrict = (district) => {
  state.district = communities.district.includes(district) ? district : "";
  const bounds = L.latLngBounds([]);
  LC.outlines.forEach((layer, i) => { if (!isAway(communities.district[i])) bounds.extend(layer.getBounds()); });
  if (bounds.isValid()) goTo(bounds);
  refresh();
};

/* ---- search ---- */
const listNames = () => [
  ...communities.id.map((id, i) => ({ type: "community", i, words: `${communities.name[i]} ${id}`.toLowerCase() })),
  ...parcels.id.map((id, i) => ({ type: "parcel", i, words: `${id} ${parcels.plan[i]}`.toLowerCase() })),
  ...data.levels.flatMap((one, at) => one.schools.id.map((id, i) => ({ type: "school", i, at, words: `${one.schools.name[i]} ${id}`.toLowerCase() })).filter((entry) => one.schools.source[entry.i] !== "parcel")),
];
const openFound = ({ type, i, at }) => {
  if (type === "community") { focusCommunity(i); openCommunity(i); tell(type, communities.id[i]); }
  else if (type === "parcel") { focusParcel(i); openParcel(i); tell(type, parcels.id[i]); }
  else { setView(levelCodes[at], year()); focusSchool(level().schools.id[i]); openSchool(i); tell(type, level().schools.id[i]); }
};
const describeFound = ({ type, i, at }) => {
  if (type === "community") return [communityName(i), communities.district[i] || t("search_community")];
  if (type === "parcel") return [parcels.id[i], `${levelName(parcels.level[i])} · ${parcelStatus(i)}`];
  return [data.levels[at].schools.name[i] || data.levels[at].schools.id[i], data.levels[at].title[state.lang]];
};

/* ---- level, year, language ---- */
const refresh = () => {
  for (const button of document.querySelectorAll("[data-level]")) button.setAttribute("aria-checked", String(button.dataset.level === level().code));
  fillLegend();
  fillFigure();
  fillYears();
  restyle();
  refillCard();
};
const setView = (code, wanted) => {
  const at = levelCodes.indexOf(code), column = data.years.indexOf(Number(wanted));
  if (column >= 0) state.year = column;
  if (at >= 0 && at !== state.level) {
    /* rows of schools are those of the level before */
    if (state.open && state.open.type === "school") LC.map.closePopup();
    if (state.chosen && state.chosen.what === "school") state.chosen = null;
    state.level = at;
    drawCatchments();
    order();
  }
  refresh();
};
const setYear = (at) => setView(level().code, data.years[at]);
const translate = () => {
  translatePage(t("schools_title"));
  refresh();
};
/* what the legend, the list of layers and the years cover is no place for the city */
const padding = () => {
  const width = LC.map.getSize().x, wide = width >= 720;
  return { paddingTopLeft: [wide ? 330 : 20, wide ? 24 : 60], paddingBottomRight: [width >= 1100 ? (embedded ? 240 : 310) : 20, embedded ? 24 : width >= 1100 ? 24 : wide ? 160 : 190] };
};
const reopen = () => {
  setView(query.get("level") || level().code, query.get("year") || year());
  const i = parcels.id.indexOf(query.get("parcel") || "");
  if (i >= 0) { focusParcel(i); openParcel(i); }
};

LC.start = (parts) => {
  const map = takeMap(parts);
  drawAll();

  addControls(map, { placeholder: "schools_search", names: listNames(), open: openFound, describe: describeFound }, "/schools");

  map.on("zoomend", () => { const near = map.getZoom() >= DETAIL_ZOOM; if (crisp !== near) { crisp = near; layers.communities.setStyle(LC.communityStyle); } });
  map.on("overlayadd", order);
  map.on("overlayadd overlayremove", () => { fillLegend(); drawn.numbers.redraw(); });
  map.on("popupclose", (event) => {
    if (event.popup !== LC.popup) return;
    state.open = null;
    choose(null);
  });
  document.getElementById("lc-year").addEventListener("input", (event) => setYear(Number(event.target.value)));
  for (const button of document.querySelectorAll("[data-level]")) button.addEventListener("click", () => setView(button.dataset.level, year()));

  goTo(layers.communities.getBounds());
  order();
  translate();
  if (!embedded) reopen();
  document.documentElement.dataset.ready = "1";
  say({ type: "lifecircle:ready" });
};

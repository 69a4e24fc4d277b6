/* What pages of every kind do alike: words in the chosen language, and the controls on Folium's map. */

/* ---- words ---- */
const t = (key, fill) => {
  const words = (text[`${key}.${data.mode}`] || text[key] || { zh: key, en: key })[state.lang];
  return fill ? words.replace(/\{(\w+)\}/g, (all, name) => (name in fill ? String(fill[name]) : all)) : words;
};
const translatePage = (title) => {
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.title = `${title} · ${data.name}`;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-lang]")) node.hidden = node.dataset.lang !== state.lang;
  for (const node of document.querySelectorAll("[data-hint]")) { node.title = t(node.dataset.hint); node.setAttribute("aria-label", t(node.dataset.hint)); }
  for (const [part, key] of [[".leaflet-control-zoom-in", "zoom_in"], [".leaflet-control-zoom-out", "zoom_out"], [".leaflet-control-layers-toggle", "layers"]]) {
    const node = document.querySelector(part);
    if (node) { node.title = t(key); node.setAttribute("aria-label", t(key)); }
  }
  for (const node of document.querySelectorAll("[data-placeholder]")) { node.placeholder = t(node.dataset.placeholder); node.setAttribute("aria-label", node.placeholder); }
};
const setLanguage = (lang, keep) => {
  state.lang = lang;
  if (keep) try { localStorage.setItem(LANGUAGE_KEY, lang); } catch { /* private window: the choice is not kept */ }
  translate();
};
/* the card that is open, in the words and figures of now */
const refillCard = () => {
  const { open } = state;
  if (open && LC.popup && LC.map.hasLayer(LC.popup)) LC.popup.setContent(CARDS[open.type](open.i));
};

/* ---- the map ---- */
const takeMap = (parts) => {
  const map = LC.map = parts.map;
  layers = parts.layers;
  document.body.classList.toggle("lc-embed", embedded);
  document.body.classList.toggle("lc-synthetic", data.synthetic);
  map.invalidateSize({ animate: false, pan: false });
  map.attributionControl.setPrefix(false);
  for (const line of shared.sources.attribution) map.attributionControl.addAttribution(el("span", "", line).innerHTML);
  return map;
};
/* `home`: the page of the service this one belongs to */
const addControls = (map, search, home) => {
  new Search(search).addTo(map);
  const legend = new Legend().addTo(map);
  const corner = map.getContainer().querySelector(".leaflet-top.leaflet-left");
  corner.prepend(corner.querySelector(".lc-search"));
  const control = map.getContainer().querySelector(".leaflet-control-layers");
  const roomy = () => map.getSize().x >= 1100;
  const fold = () => control.classList.toggle("leaflet-control-layers-expanded", roomy());
  fold();
  /* opened by its button where there is no room to keep it open: it goes when the map is used again */
  map.on("mousedown touchstart popupopen", fold);
  map.on("resize", () => { fold(); legend.resize(); });
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || roomy()) return;
    fold();
    control.querySelector(".leaflet-control-layers-toggle").focus();
  });
  /* a map of the service has no list of maps beside it, the page around it is that */
  if (/^https?:$/.test(location.protocol) && !location.pathname.endsWith(".html")) document.querySelector(".lc-home").href = home;
  document.getElementById("lc-lang").addEventListener("click", () => setLanguage(state.lang === "zh" ? "en" : "zh", true));
  document.addEventListener("keydown", (event) => { if (event.key === "Tab") document.body.classList.add("lc-keys"); });
  document.addEventListener("pointerdown", () => document.body.classList.remove("lc-keys"), true);
  window.addEventListener("message", hear);
};

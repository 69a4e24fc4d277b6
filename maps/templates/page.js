/* The gap map's page: styles by class code, cards, search, legend, languages, messages.
   Names are only ever set as text. */
{
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const shared = read("lc-shared"), data = read("lc-kind");
  const { communities, palette, text } = shared;
  const facilities = data.facilities;
  const query = new URLSearchParams(location.search);
  const embedded = query.get("embed") === "1";
  const framed = window.parent !== window && /^https?:$/.test(location.protocol);
  const LANGUAGE_KEY = "lifecircle.lang";
  const DETAIL_ZOOM = 16.5, ENTRANCE_ZOOM = 16;
  const BY = ["point", "entrance", "gate", "street", "ring", "centroid"];
  const HOMES_FROM = ["table", "buildings", "land", "streets"];

  const state = { lang: data.lang, limit: data.limit, view: "coverage", district: "", open: null };
  const stored = () => { try { return localStorage.getItem(LANGUAGE_KEY); } catch { return null; } };
  for (const lang of [embedded ? null : stored(), query.get("lang")]) if (lang === "zh" || lang === "en") state.lang = lang;

  /* ---- words and numbers ---- */
  const t = (key, fill) => {
    const words = (text[key] || { zh: key, en: key })[state.lang];
    return fill ? words.replace(/\{(\w+)\}/g, (all, name) => (name in fill ? String(fill[name]) : all)) : words;
  };
  const kindName = () => data.names[state.lang];
  const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
  const count = (value) => (known(value) ? Math.round(value).toLocaleString("en-US") : t("unknown"));
  const percent = (share) => {
    if (!known(share)) return t("unknown");
    const p = 100 * share;
    return `${p === 0 || p === 100 ? p : Math.min(99.9, Math.max(0.1, p)).toFixed(1)}%`;
  };
  const minutes = (seconds) => (known(seconds) ? t("minutes_unit", { n: (seconds / 60).toFixed(1) }) : t("card_unreached"));
  const el = (tag, className, words) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (words !== undefined) node.textContent = words;
    return node;
  };
  const append = (parent, ...children) => { parent.append(...children.filter(Boolean)); return parent; };
  const row = (table, head, value, note) => {
    const line = el("tr");
    const cell = el("td", "", value);
    if (note) cell.append(el("small", "", note));
    append(line, el("th", "", head), cell);
    table.append(line);
  };

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
  const homeRadius = (i, zoom) => Math.max(0.8, Math.min(13, homes.size[i] * 0.42 * Math.pow(1.6, zoom - 15)));
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

  /* ---- cards ---- */
  const communityName = (i) => communities.source[i] === "cells" ? t("card_cell", { id: communities.id[i] }) : communities.name[i] || communities.id[i];
  const place = (i) => [communities.district[i], communities.subdistrict[i]].filter(Boolean).join(" · ");
  const ruleOf = (gap) => data.rules.find((rule) => rule.pack === gap.pack && rule.rule === gap.rule);
  const shareRow = (table, head, share, note) => { if (known(share)) row(table, head, percent(share), note); };

  const communityCard = (i) => {
    const c = coverage(), card = el("div", "lc-card");
    const source = c.demand_source[i];
    append(card, el("h3", "", communityName(i)), el("p", "lc-sub", [place(i), t("card_id", { id: communities.id[i] })].filter(Boolean).join(" · ")));
    const big = append(el("p", "lc-big"), el("b", "", percent(c.share[i])), el("span", "", t("card_coverage", { limit: state.limit })));
    card.append(big);
    if (known(c.share[i])) {
      const meter = el("div", "lc-meter"), bar = el("i");
      bar.style.width = `${100 * c.share[i]}%`;
      append(meter, bar);
      card.append(meter);
    } else {
      const summary = data.summary[state.limit];
      const reason = !data.measured
        ? (summary && summary.reason[state.lang]) || t("unknown_reason_kind", { kind: kindName() })
        : t("unknown_reason_homes");
      card.append(el("p", "lc-warning", reason));
    }
    const table = el("table");
    const covered = known(communities.households[i]) && known(c.covered[i]);
    shareRow(table, t(covered ? "card_by_households" : "card_by_weight"), c.share[i],
      covered ? t("card_of", { covered: count(c.covered[i]), total: count(communities.households[i]) }) : t("card_of_weight", { source: source ? t(`demand_${source}`) : "" }));
    shareRow(table, t("card_by_buildings"), c.buildings[i], t("card_of_buildings"));
    shareRow(table, t("card_by_land"), c.land[i], t("card_of_land"));
    row(table, t("card_households"), count(communities.households[i]), known(communities.population[i]) ? `${t("card_population")} ${count(communities.population[i])}` : "");
    if (known(c.share[i])) {
      row(table, t("card_walk"), `${t("card_median")} ${minutes(c.median_s[i])}`, `${t("card_p90")} ${minutes(c.p90_s[i])}`);
      row(table, t("card_inside"), t("card_inside_n", { n: c.inside[i] }));
    }
    if (c.unconnected[i]) row(table, t("card_unconnected"), count(c.unconnected[i]));
    if (source) row(table, t("card_homes_from"), t("card_n_demand", { n: count(c.n_demand[i]) }), t(`demand_${source}`));
    card.append(table);
    const gaps = data.gaps.filter((gap) => gap.c === i);
    if (gaps.length) card.append(el("h4", "", t("card_rules")));
    for (const gap of gaps) {
      const rule = ruleOf(gap), block = el("div", "lc-gap");
      const head = append(el("p"), el("span", `lc-chip lc-chip-${/^\w+$/.test(gap.status) ? gap.status : ""}`, t(`gap_${gap.status}`)), rule ? rule.title[state.lang] : gap.rule);
      const why = [gap.status !== "met" && gap.cause ? t(`cause_${gap.cause}`) : "", gap[state.lang]].filter(Boolean).join(state.lang === "zh" ? "：" : ": ");
      append(block, head, why ? el("p", "", why) : null);
      const status = gap.source || (rule && rule.status);
      if (status && status !== "primary") block.append(el("span", `lc-status lc-status-${status}`, [t("legend_source"), t(`status_${status}`)].join(state.lang === "zh" ? "：" : ": ")));
      card.append(block);
    }
    return card;
  };

  const optionalRow = (table, key, value) => { if (known(value)) row(table, t(key), count(value)); };
  const facilityCard = (i) => {
    const card = el("div", "lc-card");
    append(card, el("h3", "", facilities.name[i] || t("card_unnamed")), el("p", "lc-sub", kindName()));
    const table = el("table");
    const inclusive = facilities.inclusive[i];
    if (data.kind === "kindergarten" || inclusive !== null) row(table, t("facility_inclusive"), inclusive === null ? t("unknown") : t(inclusive ? "value_yes" : "value_no"));
    optionalRow(table, "facility_capacity", facilities.capacity[i]);
    optionalRow(table, "facility_classes", facilities.classes[i]);
    if (known(facilities.opened[i])) row(table, t("facility_opening_year"), String(facilities.opened[i]));
    row(table, t("facility_reached_by"), t(facilities.reached_by[i] ? `by_${facilities.reached_by[i]}` : "by_none"));
    row(table, t("facility_entrances"), count(facilities.entrances[i]));
    row(table, t("facility_source"), facilities.source[i] === "osm" ? t("facility_osm", { id: facilities.id[i] }) : `${facilities.source[i]} · ${facilities.id[i]}`);
    card.append(table);
    if (facilities.connected[i] === false) card.append(el("p", "lc-warning", t("facility_unconnected")));
    return card;
  };

  const entranceOf = (k) => ({ facility: LC.ways.facility[k], by: BY[LC.ways.by[k]] });
  const entranceCard = (k) => {
    const { facility, by } = entranceOf(k), card = el("div", "lc-card");
    return append(card, el("h3", "", facilities.name[facility] || t("card_unnamed")), el("p", "lc-sub", `${t("legend_entrance")} · ${t(`by_${by}`)}`));
  };

  const homeCard = (i) => {
    const card = el("div", "lc-card"), table = el("table");
    const c = homes.community[i] - 1, name = homes.name[i] ? homes.names[homes.name[i] - 1] : "";
    const households = homes.households[i];
    append(card, el("h3", "", name || t("home")),
      el("p", "lc-sub", [c >= 0 ? communityName(c) : "", known(households) ? t("home_households", { n: (households / 10).toLocaleString("en-US", { maximumFractionDigits: 1 }) }) : t("home_households_unknown")].filter(Boolean).join(" · ")));
    if (!homes.connected[i]) {
      card.append(el("p", "lc-warning", t("home_unconnected")));
    } else {
      const k = access.entrance[i] - 1;
      if (known(access.seconds[i])) row(table, t("home_walk"), minutes(access.seconds[i]));
      else card.append(el("p", "lc-warning", t("home_unreached")));
      if (k >= 0) {
        const { facility, by } = entranceOf(k);
        row(table, t("home_nearest", { kind: kindName() }), facilities.name[facility] || t("card_unnamed"));
        row(table, t("home_entrance"), t(`by_${by}`));
      }
      row(table, t("home_street"), homes.street[i] ? homes.streets[homes.street[i] - 1] : t("street_unnamed"), known(homes.leg_m[i]) ? t("home_leg", { n: homes.leg_m[i] }) : "");
    }
    row(table, t("card_homes_from"), t(`demand_${HOMES_FROM[homes.source[i]]}`));
    return append(card, table);
  };

  /* keeps a card clear of legend, search and layer list */
  const clear = () => {
    const wide = LC.map.getSize().x >= 1020;
    return { autoPanPaddingTopLeft: [wide ? 318 : 12, wide ? 12 : 62], autoPanPaddingBottomRight: [wide ? 250 : 12, 30] };
  };
  const show = (type, i, latlng) => {
    const map = LC.map, size = map.getSize();
    LC.marks.clearLayers();
    state.open = { type, i, latlng };
    const content = { community: communityCard, facility: facilityCard, entrance: entranceCard, home: homeCard }[type](i);
    const popup = L.popup({ maxWidth: Math.min(340, size.x - 60), maxHeight: Math.max(180, Math.min(520, size.y - 130)), ...clear() });
    popup.setLatLng(latlng).setContent(content);
    LC.popup = popup;
    popup.openOn(map);
    state.open = { type, i, latlng };
    restyle();
  };
  const openCommunity = (i, latlng) => {
    show("community", i, latlng || L.latLng(communities.lat[i], communities.lon[i]));
    for (const gap of data.gaps) {
      if (gap.c !== i || !gap.barrier) continue;
      const icon = L.divIcon({ className: "lc-barrier", html: "×", iconSize: [20, 20] });
      L.marker([gap.barrier[1], gap.barrier[0]], { icon, keyboard: false })
        .bindTooltip(() => el("span", "", [t("card_barrier"), gap.barrier[2]].filter(Boolean).join(" · "))).addTo(LC.marks);
    }
  };
  const openFacility = (i, latlng) => show("facility", i, latlng || L.latLng(facilities.lat[i], facilities.lon[i]));
  const openHome = (i) => {
    show("home", i, LC.latlng(homes.steps, i));
    const line = { color: palette.homes.uncovered, weight: 2, interactive: false };
    if (homes.connected[i]) L.polyline([LC.latlng(homes.steps, i), LC.latlng(homes.snapped, i)], line).addTo(LC.marks);
    const k = access.entrance[i] - 1;
    if (k >= 0) L.circleMarker(LC.latlng(LC.ways.steps, k), { ...line, radius: 9, fill: false }).addTo(LC.marks);
  };

  /* ---- messages with the page around this one ---- */
  const tell = (i) => { if (framed) parent.postMessage({ type: "lifecircle:select", community_id: communities.id[i] }, location.origin); };
  const hear = (event) => {
    if (event.origin !== location.origin || !event.data || typeof event.data !== "object") return;
    const message = event.data;
    if (message.type === "lifecircle:focus") {
      const i = communities.id.indexOf(String(message.community_id));
      if (i >= 0) focusCommunity(i);
    } else if (message.type === "lifecircle:lang" && (message.lang === "zh" || message.lang === "en")) setLanguage(message.lang, false);
    else if (message.type === "lifecircle:district") setDistrict(String(message.district || ""));
  };
  const focusCommunity = (i) => {
    const layer = LC.outlines[i];
    if (layer) LC.map.fitBounds(layer.getBounds(), { ...padding(), maxZoom: 16, animate: false });
    openCommunity(i);
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
      fold.addEventListener("click", () => set(!box.classList.contains("lc-folded")));
      set(LC.map.getSize().x < 720);
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.disableScrollPropagation(box);
      this.resize = () => { box.style.maxHeight = `${Math.max(120, LC.map.getSize().y - (LC.map.getSize().x < 720 ? 130 : 190))}px`; };
      this.resize();
      return box;
    },
  });
  const fillLegend = () => {
    const counts = {};
    coverage().cls.forEach((cls, i) => { if (!state.district || communities.district[i] === state.district) counts[cls] = (counts[cls] || 0) + 1; });
    for (const cell of document.querySelectorAll("[data-class]")) cell.textContent = counts[cell.dataset.class] || "";
    for (const part of document.querySelectorAll("[data-view]")) part.hidden = part.dataset.view !== state.view;
    document.getElementById("lc-coverage-note").textContent = t("legend_coverage_note", { limit: state.limit, kind: kindName() });
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
    append(box, el("span", "", t("city_share", { limit: state.limit })), el("b", "", percent(summary.share)), el("span", "", sub));
  };

  /* ---- language, limit, view ---- */
  const translate = () => {
    document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
    document.title = `${kindName()} · ${data.name}`;
    for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
    for (const node of document.querySelectorAll("[data-lang]")) node.hidden = node.dataset.lang !== state.lang;
    for (const node of document.querySelectorAll("[data-hint]")) { node.title = t(node.dataset.hint); node.setAttribute("aria-label", t(node.dataset.hint)); }
    for (const node of document.querySelectorAll("[data-placeholder]")) { node.placeholder = t(node.dataset.placeholder); node.setAttribute("aria-label", node.placeholder); }
    fillLegend();
    fillFigure();
    const open = state.open;
    if (open && LC.popup && LC.map.hasLayer(LC.popup)) LC.popup.setContent({ community: communityCard, facility: facilityCard, entrance: entranceCard, home: homeCard }[open.type](open.i));
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
  const padding = () => {
    const wide = LC.map.getSize().x >= 900;
    return { paddingTopLeft: [wide ? 330 : 20, wide ? 24 : 60], paddingBottomRight: [wide ? 240 : 20, wide ? 24 : 60] };
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
    for (const layer of [drawn.plain, drawn.byMinutes, ...LC.areas, ...drawn.dots, ...LC.circles]) if (layer && map.hasLayer(layer)) layer.bringToFront();
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
    drawn = { ...drawStreets(), dots: [covered, uncovered, ways] };
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
    const fold = () => control.classList.toggle("leaflet-control-layers-expanded", map.getSize().x >= 720);
    fold();

    map.on("zoomend", rescale);
    map.on("overlayadd", order);
    map.on("baselayerchange", (event) => {
      state.view = event.layer === layers.view_minutes ? "minutes" : "coverage";
      fillLegend();
      restyle();
      order();
    });
    map.on("popupclose", (event) => {
      if (event.popup !== LC.popup) return;
      state.open = null;
      LC.marks.clearLayers();
      restyle();
    });
    map.on("resize", () => { fold(); legend.resize(); });
    document.getElementById("lc-lang").addEventListener("click", () => setLanguage(state.lang === "zh" ? "en" : "zh", true));
    for (const button of document.querySelectorAll("[data-limit]")) button.addEventListener("click", () => setLimit(button.dataset.limit));
    window.addEventListener("message", hear);

    map.fitBounds(layers.communities.getBounds(), { ...padding(), animate: false });
    rescale();
    order();
    translate();
    document.documentElement.dataset.ready = "1";
  };
}

/* ---- cards ---- */
const communityName = (i) => communities.source[i] === "cells" ? t("card_cell", { id: communities.id[i].replace(/^c_/, "").replace("_", "-") }) : communities.name[i] || communities.id[i];
const place = (i) => [communities.district[i], communities.subdistrict[i]].filter(Boolean).join(" · ");
const ruleOf = (gap) => data.rules.find((rule) => rule.pack === gap.pack && rule.rule === gap.rule);
const shareRow = (table, head, share, note) => { if (known(share)) row(table, head, percent(share), note); };

/* both modes side by side, the page's own in bold */
const bothShares = (i, own) => {
  const other = data.other && data.other.share[state.limit] ? data.other.share[state.limit][i] : null;
  if (!known(own) || !known(other)) return null;
  const line = el("p", "lc-both"), parts = t("card_both").split(/\{(walk|ride)\}/);
  for (const part of parts) {
    const mode = { walk: "walk", ride: "walk_transit" }[part];
    line.append(mode ? el(mode === data.mode ? "b" : "span", "", percent(mode === data.mode ? own : other)) : part);
  }
  return line;
};
const communityCard = (i) => {
  const c = coverage(), card = el("div", "lc-card");
  const source = c.demand_source[i];
  append(card, el("h3", "", communityName(i)), el("p", "lc-sub", [place(i), t("card_id", { id: communities.id[i] })].filter(Boolean).join(" · ")));
  const scored = state.view === "scores";
  if (scored) append(card, chosenOf(i), ...circlesOf(i), el("h4", "", kindName()));
  const big = append(el("p", "lc-big"), el("b", "", percent(c.share[i])), el("span", "", t("card_coverage", { limit: state.limit })));
  card.append(big);
  if (known(c.share[i])) {
    const meter = el("div", "lc-meter"), bar = el("i");
    bar.style.width = `${100 * c.share[i]}%`;
    append(meter, bar);
    append(card, meter, bothShares(i, c.share[i]));
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
  append(card, ...rulesOf(i), ...(scored ? [] : circlesOf(i)));
  return card;
};

/* the verdicts of the rules on this kind; beyond a few they fold by pack */
const rulesOf = (i) => {
  const elsewhere = (gap) => Boolean(gap.mode) && gap.mode !== data.mode;
  const gaps = data.gaps.filter((gap) => gap.c === i).sort((a, b) => elsewhere(a) - elsewhere(b));
  const draw = (gap) => {
    const rule = ruleOf(gap), block = el("div", "lc-gap");
    const head = append(el("p"), el("span", `lc-chip lc-chip-${/^\w+$/.test(gap.status) ? gap.status : ""}`, t(`gap_${gap.status}`)), rule ? rule.title[state.lang] : gap.rule);
    const why = gap[state.lang] || (gap.status !== "met" && gap.cause ? t(`cause_${gap.cause}`) : "");
    if (elsewhere(gap) || (gap.mode && data.mode !== "walk")) head.append(" ", el("small", "lc-judged", t(`card_rule_${gap.mode}`)));
    append(block, head, why ? el("p", "", why) : null);
    const status = gap.source || (rule && rule.status);
    if (status && status !== "primary") block.append(el("span", `lc-status lc-status-${status}`, [t("legend_standing"), t(`status_${status}`)].join(state.lang === "zh" ? "：" : ": ")));
    return block;
  };
  if (!gaps.length) return [];
  const head = el("h4", "", t("card_rules"));
  if (gaps.length <= MANY_RULES) return [head, ...gaps.map(draw)];
  const packs = [...new Set(gaps.map((gap) => gap.pack))];
  return [head, ...packs.map((pack) => {
    const own = gaps.filter((gap) => gap.pack === pack), rule = ruleOf(own[0]);
    return foldUp([el("span", "lc-pack", rule ? plainTitle(rule.pack_title) : pack), countUp(own.map((gap) => gap.status))], own.map(draw));
  })];
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
  optionalRow(table, "facility_free", facilities.free[i]);
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
    const rides = access.best && known(access.depart[i]);
    if (known(access.seconds[i])) row(table, t("home_walk"), minutes(access.seconds[i]), rides ? t("home_leaving", { clock: clock(access.depart[i]) }) : "");
    else card.append(el("p", "lc-warning", t("home_unreached")));
    if (rides) row(table, t("home_departures"), t("home_spread", { best: minutes(access.best[i]), worst: minutes(access.worst[i]) }));
    else if (access.best && known(access.seconds[i])) row(table, t("home_departures"), t("home_on_foot"));
    if (access.other && (known(access.other[i]) || known(access.seconds[i]))) row(table, t(`home_other_${data.other.mode}`), minutes(access.other[i]));
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

const lineCell = (line) => {
  const { ref, name, headway_min: headway } = transit.lines, cell = el("td");
  const words = [name[line] !== ref[line] ? name[line] : "", stops.vehicle[line] ? t(`vehicle_${VEHICLES[stops.vehicle[line]]}`) : ""].filter(Boolean).join(" · ");
  const often = known(headway[line]) ? t(stops.assumed[line] ? "stop_headway_assumed" : "stop_headway", { n: headway[line] }) : t("stop_idle");
  return append(cell, words ? el("span", "", words) : null, el("small", "", often));
};
const stopCard = (i) => {
  const card = el("div", "lc-card"), table = el("table"), found = linesOf(i);
  const vehicles = [...new Set(found.map((line) => stops.vehicle[line]))].map((code) => t(`vehicle_${VEHICLES[code]}`));
  append(card, el("h3", "", transit.stops.name[i] || t("stop_unnamed")), el("p", "lc-sub", [t("stop"), ...vehicles].join(" · ")));
  if (!stops.connected[i]) card.append(el("p", "lc-warning", t("stop_unconnected")));
  if (timetable) row(table, t("stop_departures", timetable), t("stop_departures_n", { n: count(stops.departures[i]) }));
  card.append(table);
  if (!found.length) return card;
  const list = el("table", "lc-lines"), { ref, name } = transit.lines;
  card.append(el("h4", "", t("stop_lines")));
  const natural = new Intl.Collator("zh", { numeric: true });
  for (const line of found.sort((a, b) => natural.compare(ref[a] || name[a], ref[b] || name[b]))) append(list, append(el("tr"), el("th", "", ref[line] || name[line] || t("card_unnamed")), lineCell(line)));
  return append(card, list);
};

/* keeps a card clear of legend, search and layer list */
const clear = () => {
  const { x } = LC.map.getSize(), wide = x >= 1020;
  return { autoPanPaddingTopLeft: [wide ? 318 : 12, wide ? 12 : 62], autoPanPaddingBottomRight: [wide ? 250 : 12, x < 720 ? 66 : 30] };
};
const CARDS = { community: communityCard, facility: facilityCard, entrance: entranceCard, home: homeCard, stop: stopCard };
const show = (type, i, latlng) => {
  const map = LC.map, size = map.getSize();
  LC.marks.clearLayers();
  state.open = { type, i, latlng };
  const content = CARDS[type](i);
  const popup = L.popup({ maxWidth: Math.min(340, size.x - 60), maxHeight: Math.max(180, Math.min(520, size.y - (size.x < 720 ? 180 : 130))), ...clear() });
  popup.setLatLng(latlng).setContent(content);
  LC.popup = popup;
  popup.openOn(map);
  state.open = { type, i, latlng };
  chooseLines(type === "stop" ? i : -1);
  restyle();
};
const openCommunity = (i, latlng) => {
  show("community", i, latlng || L.latLng(communities.lat[i], communities.lon[i]));
  markBarriers(i);
};
const markBarriers = (i) => {
  for (const gap of data.gaps) {
    if (gap.c !== i || !gap.barrier) continue;
    const icon = L.divIcon({ className: "lc-barrier", html: "×", iconSize: [20, 20] });
    L.marker([gap.barrier[1], gap.barrier[0]], { icon, keyboard: false })
      .bindTooltip(() => el("span", "", [t("card_barrier"), gap.barrier[2]].filter(Boolean).join(" · "))).addTo(LC.marks);
  }
};
/* the page around this one has a card of its own, and draws a journey here that a popup would cover: what is chosen is
   outlined, and its popup is there for who asks again */
const keepsClear = embedded && framed && data.measured && data.mode === "walk_transit";
const chooseCommunity = (i, latlng) => {
  if (!keepsClear || (i >= 0 && state.chosen === i)) { openCommunity(i, latlng); return; }
  LC.map.closePopup();
  LC.marks.clearLayers();
  state.chosen = i;
  if (i >= 0) markBarriers(i);
  restyle();
};
const openFacility = (i, latlng) => show("facility", i, latlng || L.latLng(facilities.lat[i], facilities.lon[i]));
const openHome = (i) => {
  show("home", i, LC.latlng(homes.steps, i));
  const line = { color: palette.homes.uncovered, weight: 2, interactive: false };
  if (homes.connected[i]) L.polyline([LC.latlng(homes.steps, i), LC.latlng(homes.snapped, i)], line).addTo(LC.marks);
  const k = access.entrance[i] - 1;
  if (k >= 0) L.circleMarker(LC.latlng(LC.ways.steps, k), { ...line, radius: 9, fill: false }).addTo(LC.marks);
};
const openStop = (i) => show("stop", i, LC.latlng(stops.steps, i));

/* ---- cards ---- */
const parcelStatus = (i) => t(`schools_parcel_${(parcels.status[i] || "unknown").replace("-", "")}`);
const chip = (status) => el("span", `lc-chip lc-chip-${STATUSES.includes(status) && status ? status : "unknown"}`, t(`gap_${status || "unknown"}`));
const statusBadge = (status) => (status && `status_${status}` in text ? el("em", `lc-status lc-status-${/^\w+$/.test(status) ? status : ""}`, t(`status_${status}`)) : null);
const sayParts = ({ out, left }) => {
  const parts = [["schools_none_near", out], ["schools_all_full", left]].filter(([, n]) => n >= 0.5).map(([key, n]) => t(key, { n: whole(n) }));
  return parts.length ? t("schools_parts", { parts: parts.join(state.lang === "zh" ? "，" : ", ") }) : "";
};
const sayVerdict = (told) => {
  const { status, without, children: all } = told;
  if (status === "gap") return t(isLeast(told) ? "schools_without_least" : "schools_without", { n: children(without) }) + sayParts(told);
  if (status === "met") return t("schools_all_placed", { n: children(all) });
  return t(status === "unknown" ? "schools_cannot_tell" : "schools_nobody");
};
/* between what is sure and what may be */
const sayRange = (low, high) => (known(low) && known(high) && high - low >= 0.5 ? t("schools_from_to", { low: whole(low), high: whole(high) }) : count(low));
const sayWant = (codes) => {
  const names = settling(codes);
  return names.length ? el("p", "lc-warning", t("schools_wanted", { tables: names.join(state.lang === "zh" ? "、" : ", ") })) : null;
};
/* one bar a year; `now` marks the year shown */
const yearBars = (values, statuses, possible, choose) => {
  const box = el("div", "lc-bars"), most = Math.max(1, ...[...values, ...possible].filter(known));
  values.forEach((value, at) => {
    const bar = el("i"), unknown = statuses[at] !== "gap" && statuses[at] !== "met" && statuses[at] !== "not_applicable";
    const doubt = !unknown && possible && possible[at] - value >= 0.5, high = doubt ? possible[at] : value;
    bar.style.setProperty("--h", unknown ? 1 : known(value) ? value / most : 0);
    bar.style.setProperty("--p", doubt ? high / most : 0);
    bar.className = [unknown ? "lc-bar-unknown" : value > 0 ? "lc-bar-gap" : "", doubt ? "lc-bar-doubt" : "", at === state.year ? "lc-bar-now" : ""].join(" ").trim();
    bar.title = `${data.years[at]}: ${unknown || !known(value) ? t("unknown") : doubt ? t("schools_at_least", { n: whole(value) }) : whole(value)}`;
    if (choose) bar.addEventListener("click", () => choose(at));
    box.append(bar);
  });
  return box;
};
const yearEnds = () => append(el("p", "lc-year-ends"), el("span", "", String(data.years[0])), el("span", "", String(data.years[data.years.length - 1])));

const communityCard = (i) => {
  const card = el("div", "lc-card"), told = tellCommunity(i), own = unpackLevel(level()), table = el("table");
  append(card, el("h3", "", communityName(i)), el("p", "lc-sub", [communityPlace(i), t("card_id", { id: communities.id[i] })].filter(Boolean).join(" · ")));
  append(card, append(el("p", "lc-year-line"), chip(told.status), t("schools_of_year", { year: year(), level: levelName(level().code) })));
  if (told.status === "gap") append(card, append(el("p", "lc-big"), el("b", "", isLeast(told) ? t("schools_at_least", { n: whole(told.without) }) : whole(told.without)), el("span", "", t("schools_no_place"))));
  else card.append(el("p", told.status === "unknown" ? "lc-warning" : "", sayVerdict(told)));
  if (told.status === "unknown") append(card, sayWant(own.communities.settled_by[own.years.settled[i]] || ""));
  row(table, t("schools_children_row"), count(told.children));
  row(table, t("schools_places_inside"), count(told.places));
  if (known(told.out) && (told.out > 0 || told.left > 0)) {
    row(table, t("schools_out_of_reach"), count(told.out));
    row(table, t("schools_left"), count(told.left));
    if (told.possible - told.left >= 0.5) row(table, t("schools_undecided"), whole(told.possible - told.left));
  }
  const n = own.short.get(i);
  if (n !== undefined) {
    const { begins, ends, peak_year: peak, peak_children: most, needed_classes: classes, needed_area_m2: land, land_missing: missing, reserved } = own.shortages;
    if (known(begins[n])) row(table, t("schools_shortage"), known(ends[n]) ? t("schools_years_from_to", { from: begins[n], to: ends[n] }) : t("schools_years_from", { from: begins[n] }), known(peak[n]) && known(most[n]) ? t("schools_peak", { year: peak[n], n: whole(most[n]) }) : "");
    if (known(classes[n])) row(table, t("schools_needed"), t("schools_classes", { n: whole(classes[n]) }), known(land[n]) ? area(land[n]) : "");
    if (own.shortages.status[n] === "gap") row(table, t("schools_land"), missing[n] ? t("schools_land_missing") : reserved[n].split(",").join(state.lang === "zh" ? "、" : ", "));
  }
  if (known(communities.households[i])) row(table, t("card_households"), count(communities.households[i]));
  card.append(table);
  if (data.years.length > 1 && own.years.status.length) {
    const values = data.years.map((_, at) => shortOf(i, at)), told_ = data.years.map((_, at) => tellCommunity(i, at));
    append(card, el("h4", "", t("schools_by_year")), yearBars(values, told_.map((one) => one.status), told_.map((one) => (one.status === "gap" ? one.most : null))), yearEnds());
  }
  return card;
};

const schoolTitle = (i) => {
  const own = level().schools;
  return own.source[i] === "parcel" ? t("schools_planned", { parcel: own.parcel[i] }) : own.name[i] || t("card_unnamed");
};
const schoolCard = (i) => {
  const own = level().schools, told = tellSchool(i), card = el("div", "lc-card"), table = el("table");
  const from = own.source[i] === "parcel" ? own.name[i] : own.source[i] === "osm" ? t("facility_osm", { id: own.id[i] }) : `${own.source[i]} · ${own.id[i]}`;
  append(card, el("h3", "", schoolTitle(i)), el("p", "lc-sub", [levelName(level().code), from].filter(Boolean).join(" · ")));
  const when = told.opening === 2 ? t("schools_opens_unknown") : told.sign === "later" ? t("schools_opens", { year: own.opening_year[i] }) : t(`schools_sign_${told.sign}`);
  append(card, append(el("p", "lc-year-line"), el("span", "lc-chip lc-chip-plain", String(year())), when));
  row(table, t("schools_places"), count(own.places[i]), own.places_source[i] ? t(`schools_places_${own.places_source[i]}`) : "");
  if (told.opening === 1) {
    row(table, t("schools_placed_row"), count(told.placed));
    row(table, t("schools_free"), count(told.free), known(own.stated_free[i]) ? t("schools_stated_free", { n: whole(own.stated_free[i]) }) : "");
    if (told.left > 0 || told.possible > 0) row(table, t("schools_turned_away"), sayRange(told.left, told.possible));
    if (known(told.mean)) row(table, t("schools_walk"), metres(told.mean), t("schools_walk_p90", { n: whole(told.p90) }));
  }
  row(table, t("schools_full_from"), known(own.full_from[i]) ? String(own.full_from[i]) : t(known(own.places[i]) ? "schools_never" : "unknown"));
  if (known(own.opening_year[i]) && told.sign !== "later") row(table, t("facility_opening_year"), String(own.opening_year[i]));
  if (own.inclusive[i] !== null) row(table, t("facility_inclusive"), t(own.inclusive[i] ? "value_yes" : "value_no"));
  if (own.parcel[i]) row(table, t("schools_parcel"), own.parcel[i]);
  const { rows, found } = catchmentRows();
  for (const n of found) if (rows.school[n] === i) row(table, t(rows.source[n] === 0 ? "schools_assigned" : "schools_placed"), known(rows.children[n]) ? children(rows.children[n]) : t("unknown"));
  return append(card, table);
};

const parcelCard = (i) => {
  const card = el("div", "lc-card"), table = el("table"), found = findingsOf(i);
  append(card, el("h3", "", parcels.id[i]), el("p", "lc-sub", [parcels.plan[i], parcels.plan_date[i]].filter(Boolean).join(" · ")));
  append(card, append(el("p", "lc-year-line"), el("i", `lc-parcel lc-parcel-${/^[\w-]+$/.test(parcels.status[i]) ? parcels.status[i] : "unknown"}`), el("b", "", parcelStatus(i)), levelName(parcels.level[i])));
  row(table, t("schools_area"), area(parcels.area_m2[i]), known(parcels.area_m2[i]) ? t("schools_mu", { n: (parcels.area_m2[i] * 3 / 2000).toFixed(1) }) : "");
  row(table, t("schools_planned_classes"), known(parcels.planned_classes[i]) ? t("schools_classes", { n: whole(parcels.planned_classes[i]) }) : t("unknown"));
  row(table, t("schools_opening"), known(parcels.opening_year[i]) ? String(parcels.opening_year[i]) : t("unknown"));
  row(table, t("schools_urgency"), known(parcels.urgency[i]) ? t("schools_urgency_of", { n: parcels.urgency[i], total: parcels.id.length }) : t("unknown"));
  row(table, t("schools_serves"), known(parcels.children_served[i]) ? children(parcels.children_served[i]) : t("unknown"));
  row(table, t("schools_findings"), known(parcels.gaps[i]) ? t("schools_findings_n", { gaps: parcels.gaps[i], unknowns: parcels.unknowns[i] ?? 0 }) : t("unknown"));
  card.append(table);
  if (found.length) card.append(el("h4", "", t("schools_against")));
  for (const { reason, status } of found) append(card, append(el("p", "lc-finding"), reason, " ", status && status !== "primary" ? statusBadge(status) : null));
  return card;
};

const CARDS = { community: communityCard, school: schoolCard, parcel: parcelCard };
const yearsHeight = () => document.getElementById("lc-years").offsetHeight;
/* keeps a card clear of legend, search, layer list and years */
const clear = () => {
  const { x } = LC.map.getSize(), wide = x >= 1020, low = x < 720 ? yearsHeight() : 0;
  return { autoPanPaddingTopLeft: [wide ? 318 : 12, wide ? 12 : 62], autoPanPaddingBottomRight: [wide ? (embedded ? 250 : 310) : 12, (x < 720 ? 70 : 30) + low] };
};
const choose = (what, i) => { state.chosen = what ? { what, i } : null; restyle(); };
const show = (type, i, latlng) => {
  const size = LC.map.getSize();
  LC.map.closePopup();
  if (LC.hint) LC.hint.closeTooltip();
  const popup = L.popup({ maxWidth: Math.min(340, size.x - 60), maxHeight: Math.max(180, Math.min(520, size.y - (size.x < 720 ? 160 + yearsHeight() : 130))), ...clear() });
  popup.setLatLng(latlng).setContent(CARDS[type](i));
  LC.popup = popup;
  popup.openOn(LC.map);
  state.open = { type, i };
  choose(type, i);
};
const openCommunity = (i, latlng) => show("community", i, latlng || L.latLng(communities.lat[i], communities.lon[i]));
const openParcel = (i, latlng) => show("parcel", i, latlng || (known(parcels.lon[i]) ? L.latLng(parcels.lat[i], parcels.lon[i]) : LC.map.getCenter()));
const schoolAt = (i) => LC.latlng(unpackLevel(level()).steps, i);
const openSchool = (i) => show("school", i, schoolAt(i));

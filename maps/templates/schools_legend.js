/* ---- legend, figure of the year ---- */
const countUp = (codes) => codes.reduce((sums, code) => ({ ...sums, [code]: (sums[code] || 0) + 1 }), {});
const fillCounts = (name, sums) => {
  for (const cell of document.querySelectorAll(`[data-${name}]`)) cell.textContent = sums[cell.dataset[name]] || "";
};
const fillFigures = () => {
  const box = document.getElementById("lc-figures");
  box.replaceChildren(...level().figures.map(({ name, value, unit, document: source, clause, note, status }) => {
    const block = el("div", "lc-rule");
    append(block, append(el("p"), t(`schools_figure_${name}`, { level: levelName(level().code), n: value, unit: t(`schools_unit_${unit}`) }), " ", statusBadge(status)));
    return append(block, el("p", "lc-note", `${t("legend_source")}${[source[state.lang], clause, note[state.lang]].filter(Boolean).join(" · ")}`));
  }));
};
const fillLegend = () => {
  const here = communities.id.map((_, i) => i).filter((i) => !isAway(communities.district[i]));
  const shades = countUp(here.map(shadeOf)), named = { year: year(), level: levelName(level().code) };
  fillCounts("class", shades);
  document.querySelector("[data-class-row]").hidden = !shades.not_applicable;
  const own = level().schools, signs = own.id.map((_, i) => i).filter((i) => !isAway(schoolDistrict(i)));
  fillCounts("school", countUp(signs.map((i) => tellSchool(i).sign)));
  fillCounts("parcel", countUp(parcels.id.map((_, i) => i).filter((i) => teaches(i) && !parcelAway(i)).map((i) => parcels.status[i])));
  for (const line of document.querySelectorAll("[data-parcel-row]")) line.hidden = !parcels.status.includes(line.dataset.parcelRow);
  document.getElementById("lc-shades-title").textContent = t("schools_legend_shades", named);
  document.getElementById("lc-schools-title").textContent = t("schools_legend_schools", named);
  const limit = level().figures.find(({ name }) => name === "limit");
  document.getElementById("lc-shades-note").textContent = t("schools_legend_note", { n: limit.value, unit: t(`schools_unit_${limit.unit}`) });
  const title = document.getElementById("lc-parcels-title");
  if (title) title.textContent = t("schools_legend_parcels", named);
  for (const part of document.querySelectorAll("[data-layer]")) part.hidden = !layers || !LC.map.hasLayer(layers[part.dataset.layer]);
  document.querySelector("[data-least]").hidden = !layers || !LC.map.hasLayer(layers.schools_layer_numbers) || !here.some((i) => shortOf(i) > 0 && isLeast(tellCommunity(i)));
  document.querySelector("[data-losses]").hidden = !state.loses;
  fillFigures();
};

/* the city, or the chosen district, in the year: how many children have no place */
const fillFigure = () => {
  const box = document.getElementById("lc-figure"), told = tellArea(), at = state.year;
  const where = state.district || t("schools_city");
  const line = (...parts) => append(el("span", "lc-line"), ...parts);
  box.replaceChildren(line(el("strong", "", String(year())), el("span", "", `${where} · ${levelName(level().code)}`)));
  if (!told || !known(told.without[at]) || told.status[at] === "unknown") {
    const short = told && known(told.without[at]) && told.without[at] > 0;
    const tables = told ? settling(told.settled_by[at] || "").join(state.lang === "zh" ? "、" : ", ") : "";
    append(box, line(el("b", "", short ? t("schools_at_least", { n: whole(told.without[at]) }) : t("unknown")), el("span", "", t(short ? "schools_no_place" : "schools_cannot_tell"))), tables ? el("span", "lc-of", t("schools_wanted", { tables })) : null);
    return;
  }
  const now = { status: told.status[at], children: told.children[at], without: told.without[at], most: told.most[at], out: told.out_of_reach[at], left: told.left[at] };
  const number = isLeast(now) && now.without > 0 ? t("schools_at_least", { n: whole(now.without) }) : whole(now.without), parts = sayParts(now);
  append(box, line(el("b", "", number), el("span", "", t("schools_no_place"))), parts ? el("span", "lc-of", parts) : null, el("span", "lc-of", t("schools_of_all", { children: count(told.children[at]), places: count(told.places[at]) })));
};
const fillYears = () => {
  const told = tellArea(), bars = document.getElementById("lc-year-bars");
  bars.replaceChildren(told ? yearBars(told.without, told.status, told.most, setYear) : el("div", "lc-bars"));
  const slider = document.getElementById("lc-year");
  slider.value = state.year;
  slider.setAttribute("aria-valuetext", String(year()));
  document.body.style.setProperty("--years", `${yearsHeight()}px`);
};

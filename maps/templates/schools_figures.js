/* ---- figures of the year: unpacked level by level, when first asked for ---- */
const tenths = (packed) => LC.optional(packed).map((value) => value / 10);
const unpackLevel = (own) => {
  if (own.years) return own;
  const { communities: c, schools: s } = own;
  own.years = {
    status: LC.codes(c.status), children: tenths(c.children), places: tenths(c.places), out: tenths(c.out_of_reach), left: tenths(c.left), possible: tenths(c.left_possible), settled: LC.naturals(c.settled),
  };
  own.taught = {
    status: LC.codes(s.status), open: LC.codes(s.open), placed: tenths(s.placed), free: tenths(s.free), left: tenths(s.left), possible: tenths(s.left_possible), mean: LC.optional(s.walk_mean_m), p90: LC.optional(s.walk_p90_m),
  };
  own.steps = LC.steps(s.points);
  own.short = new Map(own.shortages.c.map((c_, n) => [c_, n]));
  return own;
};
/* number of a block in a year: a community's or a school's, NaN where there is none */
const figure = (block, n, i, at = state.year) => { const value = block[at * n + i]; return value === undefined ? NaN : value; };
const add = (...values) => values.reduce((sum, value) => sum + value, 0);

/* one community in one year */
const tellCommunity = (i, at = state.year) => {
  const { years } = unpackLevel(level()), n = communities.id.length;
  const take = (name) => figure(years[name], n, i, at);
  const status = STATUSES[years.status.length ? years.status[at * n + i] : 4] || "unknown";
  const out = take("out"), left = take("left"), possible = take("possible");
  return { status, children: take("children"), places: take("places"), out, left, possible, without: add(out, left), most: add(out, possible) };
};
/* a number of children known to be that large at least, and maybe larger */
const isLeast = ({ status, children: all, without, most }) => status === "unknown" || !known(all) || most - without >= 0.5;
const sayLeast = (told) => `${isLeast(told) && told.without > 0 ? "≥" : ""}${whole(told.without)}`;
/* children without a place in a gap, else nothing */
const shortOf = (i, at) => { const told = tellCommunity(i, at); return told.status === "gap" ? told.without : 0; };
const classOf = (without) => {
  let found = 0;
  colors.breaks.forEach((low, k) => { if (without >= low) found = k; });
  return found;
};
/* what the year shows of a community: the number of its class, or its status */
const shadeOf = (i) => {
  const { status, without } = tellCommunity(i);
  return status === "gap" ? classOf(without) : status;
};

/* one school in one year: free, full, later, unsure */
const tellSchool = (i, at = state.year) => {
  const own = unpackLevel(level()), { taught } = own, n = own.schools.id.length;
  const take = (name) => figure(taught[name], n, i, at);
  const opening = taught.open[at * n + i], free = take("free"), places = own.schools.places[i];
  const sign = opening === 0 ? "later" : opening === 2 || !known(free) ? "unsure" : free < 0.5 ? "full" : "free";
  return { sign, opening, free, places, placed: take("placed"), left: take("left"), possible: take("possible"), mean: take("mean"), p90: take("p90") };
};
/* the city, or the chosen district, in every year */
const tellArea = () => {
  const own = level().areas.find((one) => one.district === state.district) || null;
  const sum = (rest) => rest.map((left, at) => (known(left) && known(own.out_of_reach[at]) ? left + own.out_of_reach[at] : null));
  return own && { ...own, without: sum(own.left), most: sum(own.left_possible) };
};
const isAway = (district) => Boolean(state.district) && district !== state.district;
const schoolDistrict = (i) => communities.district[level().schools.community[i]] || "";

/* ---- parcels ---- */
const parcelAway = (i) => isAway(communities.district[parcels.community[i]] || "");
const teaches = (i, code = level().code) => (parcels.teaches[parcels.level[i]] || []).includes(code);
const findingsOf = (i) => {
  const { said } = data.findings, own = [];
  said.parcel.forEach((parcel, n) => { if (parcel === i) own.push({ finding: said.finding[n], reason: (state.lang === "zh" ? said.zh[n] || said.en[n] : said.en[n] || said.zh[n]), status: said.source_status[n] }); });
  return own;
};

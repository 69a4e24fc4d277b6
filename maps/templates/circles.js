/* ---- circles, types and other cards: their verdicts on the communities ---- */
const STATUSES = ["gap", "unknown", "met", "not_applicable"];
const SIGNS = { gap: "▲", unknown: "?", met: "✓", not_applicable: "–" };
const VIEWS = ["coverage", "minutes", "scores"];
const MANY_RULES = 4;

const cards = shared.cards.list.map((card) => LC.codes(card.status));
const cardPack = (card) => (card.pack < 0 ? { code: "", title: { zh: "", en: "" } } : shared.cards.packs[card.pack]);
const statusOf = (n, i) => (cards[n] && STATUSES[cards[n][i]]) || "not_applicable";
const sayStatus = (n, i) => t(`gap_${statusOf(n, i)}`);
/* a title without what stands in brackets behind it */
const plainTitle = (title) => title[state.lang].replace(/\s*[（(][^（）()]*[）)]\s*$/, "") || title[state.lang];

/* how sure the figures behind a card are, and whether some are the city's own */
const standingOf = (card, said = ["secondary", "derived", "unverified"]) => [
  said.includes(card.standing) ? el("em", `lc-status lc-status-${card.standing}`, t(`status_${card.standing}`)) : null,
  card.overlaid ? el("em", "lc-status lc-status-overlaid", t("overlaid")) : null,
].filter(Boolean).flatMap((tag) => [" ", tag]);

const foldUp = (head, body) => append(el("details", "lc-fold-up"), append(el("summary"), ...head), ...body);
/* so many verdicts of each sort: ▲ 2 ? 1 ✓ 5 */
const countUp = (statuses) => {
  const box = el("span", "lc-counts");
  const parts = STATUSES.map((status) => [status, statuses.filter((one) => one === status).length]).filter(([, n]) => n);
  parts.forEach(([status, n], at) => {
    const part = el("span", "", `${at ? " " : ""}${SIGNS[status]} ${n}`);
    part.title = t(`gap_${status}`);
    part.setAttribute("aria-label", `${t(`gap_${status}`)} ${n}`);
    box.append(part);
  });
  return box;
};

/* a community's circles on its card, short: pack by pack, those to act on first */
const circlesOf = (i) => {
  const judged = shared.cards.list.map((card, n) => ({ card, status: statusOf(n, i) })).filter(({ card, status }) => card.about !== "check" && status !== "not_applicable");
  if (!judged.length) return [];
  const packs = [...new Set(judged.map(({ card }) => card.pack))];
  return [el("h4", "", t("card_scores")), ...packs.map((pack, n) => {
    const own = judged.filter(({ card }) => card.pack === pack).sort((a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status));
    const lines = own.map(({ card, status }) => append(el("p", "lc-circle"), el("span", `lc-chip lc-chip-${status}`, t(`gap_${status}`)), card.title[state.lang], ...standingOf(card, ["unverified"])));
    const box = foldUp([el("span", "lc-pack", plainTitle(shared.cards.packs[pack].title)), countUp(own.map(({ status }) => status)), ...(own.some(({ card }) => card.standing === "unverified") ? standingOf({ standing: "unverified" }) : [])], lines);
    box.open = n === 0;
    return box;
  })];
};

/* the one the communities are coloured by, first on the card of each */
const chosenOf = (i) => append(el("p", "lc-chosen"), el("span", `lc-chip lc-chip-${statusOf(state.card, i)}`, sayStatus(state.card, i)), shared.cards.list[state.card].title[state.lang], ...standingOf(shared.cards.list[state.card]));

/* ---- colouring the communities by one of them ---- */
const setView = (view) => {
  if (!layers[`view_${view}`] || state.view === view) return;
  LC.map.removeLayer(layers[`view_${state.view}`]);
  layers[`view_${view}`].addTo(LC.map);
  state.view = view;
  fillLegend();
  restyle();
  order();
};
/* the page around this one says which card it shows; none: coverage again */
const setShade = (asked) => {
  if (!asked) {
    if (state.view === "scores") setView("coverage");
    return;
  }
  const found = shared.cards.list.findIndex((card) => card.card === String(asked.card) && cardPack(card).code === String(asked.pack));
  if (found >= 0) state.card = found;
  setView("scores");
  fillLegend();
  restyle();
};
const fillScores = () => {
  const select = document.getElementById("lc-card");
  if (!select) return;
  const groups = new Map();
  shared.cards.list.forEach((card, n) => {
    const pack = cardPack(card), option = el("option", "", card.title[state.lang]);
    option.value = String(n);
    if (!groups.has(pack.code)) {
      groups.set(pack.code, pack.code ? el("optgroup") : document.createDocumentFragment());
      if (pack.code) groups.get(pack.code).label = plainTitle(pack.title);
    }
    groups.get(pack.code).append(option);
  });
  select.replaceChildren(...groups.values());
  select.value = String(state.card);
  /* the page around this one has its own choice */
  select.hidden = embedded;
  const name = document.getElementById("lc-card-name");
  name.hidden = !embedded;
  name.textContent = shared.cards.list[state.card].title[state.lang];
  const chosen = shared.cards.list[state.card];
  document.getElementById("lc-card-basis").replaceChildren(chosen.pack < 0 ? "" : `${t("legend_basis")}${cardPack(chosen).title[state.lang]}`, ...standingOf(chosen));
  const counts = {};
  communities.id.forEach((_, i) => { if (!state.district || communities.district[i] === state.district) counts[statusOf(state.card, i)] = (counts[statusOf(state.card, i)] || 0) + 1; });
  for (const cell of document.querySelectorAll("[data-status]")) cell.textContent = counts[cell.dataset.status] || "";
};
const startScores = () => {
  const select = document.getElementById("lc-card");
  if (!select) return;
  const first = shared.cards.list.findIndex((card) => card.about === "circle");
  state.card = Math.max(0, first);
  select.addEventListener("change", () => { state.card = Number(select.value); fillLegend(); restyle(); });
};

// The communities as a list that can be sorted and filtered; the one chosen opens its card in place.

import { drawCard } from "./card.js";
import { ask, state } from "./state.js";
import { count, el, known, page, percent, swatch, t, verdict } from "./words.js";

const RANK = { gap: 0, unknown: 1, met: 2, not_applicable: 3, none: 4 };
const PAGE = 200;
const collator = new Intl.Collator("zh-Hans-CN", { numeric: true });

/** Analysis cells have no name of their own; theirs is said in the language of the page. */
const areaName = (item) => (item.source === "cells" ? t("cell", { id: item.community_id.replace(/^c_/, "").replace("_", "-") }) : item.name || t("unnamed"));

/** Whether it is the size check that is looked at: it leaves nobody out. */
const isSize = () => state.view === "scores" && state.card === "size";

/** The list below the summary. `choose(id)` is called when a row is clicked, "" when it is closed. */
export class CommunityList {
  constructor({ rows, columns, shown, more, panel, choose, change, chooseKind }) {
    Object.assign(this, { rows, columns, shown, more, panel, choose, change, chooseKind });
    this.showing = "";
    this.items = [];
    this.length = PAGE;
    this.more.addEventListener("click", () => { this.length += PAGE; this.draw(); });
  }

  /**
   * Facts of the communities joined with the verdicts looked at, and with coverage where the view is
   * of a kind; `answers` names what each of the verdicts' rules asks, for those a community misses.
   */
  fill(communities, verdicts, { coverage = [], answers = [] } = {}) {
    const shares = new Map(coverage.map((row) => [row.community_id, row]));
    const found = new Map(verdicts.items.map((row) => [row.community_id, row]));
    this.items = communities.map((facts) => {
      const row = shares.get(facts.community_id), judged = found.get(facts.community_id);
      return {
        ...facts,
        share: row && row.status === "measured" ? row.share : null,
        status: judged ? judged.status : "none",
        affected: judged && judged.status === "gap" && !isSize() ? judged.households_affected : null,
        missed: judged ? judged.gaps.length : 0,
        failing: judged && verdicts.rules.length > 1 ? [...new Set(judged.gaps.map((place) => answers[place]).filter(Boolean))] : [],
        text: `${facts.name} ${facts.community_id} ${facts.district} ${facts.subdistrict}`.toLowerCase(),
      };
    });
    this.draw();
  }

  list() {
    const words = state.filter.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = this.items.filter((item) => words.every((word) => item.text.includes(word)));
    return wanted.sort(this.order());
  }

  /** The column sorted by: what was asked for where the view has it. */
  sorted() {
    return state.sort && this.columnsNow().includes(state.sort) ? state.sort : state.view === "scores" ? "status" : "share";
  }

  /** Unknown values stand last whichever way the rest is sorted. */
  order() {
    const by = this.sorted(), sign = state.falling ? -1 : 1;
    const name = (a, b) => collator.compare(a.name || a.community_id, b.name || b.community_id);
    if (by === "name") return (a, b) => sign * name(a, b);
    if (by === "status") return (a, b) => sign * (RANK[a.status] - RANK[b.status]) || name(a, b);
    return (a, b) => {
      if (known(a[by]) !== known(b[by])) return known(a[by]) ? -1 : 1;
      return (known(a[by]) ? sign * (a[by] - b[by]) : 0) || name(a, b);
    };
  }

  draw() {
    this.drawColumns();
    const found = this.list();
    this.shown.textContent = t("n_shown", { shown: found.length, all: this.items.length });
    const place = found.findIndex((item) => item.community_id === state.community);
    if (place >= this.length) this.length = place + 1;
    const lines = found.slice(0, this.length).flatMap((item) => this.drawRow(item));
    if (!found.length) lines.push(el("tr", "", this.wide(el("p", "quiet", t("nothing_matches")))));
    this.rows.replaceChildren(...lines);
    const rest = found.length - this.length;
    this.more.hidden = rest <= 0;
    this.more.textContent = t("show_more", { n: Math.min(PAGE, rest) });
  }

  /** Columns that say something: no households where none is known, no verdict where no rule speaks. */
  columnsNow() {
    const columns = ["name"];
    if (state.view === "kind") columns.push("share");
    if (state.view === "scores" && this.items.some((item) => known(item.affected))) columns.push("affected");
    if (this.items.some((item) => known(item.households))) columns.push("households");
    if (this.items.some((item) => item.status !== "none")) columns.push("status");
    return columns;
  }

  wide(...children) {
    const cell = el("td", "", ...children);
    cell.colSpan = this.columnsNow().length;
    return cell;
  }

  drawColumns() {
    const heads = this.columnsNow().map((column) => {
      const button = el("button", "", t(`sort_${column}`));
      button.type = "button";
      button.title = t("sort_hint");
      button.dataset.sort = column;
      const head = el("th", `col-${column}`, button);
      head.scope = "col";
      const now = this.sorted() === column;
      if (now) head.setAttribute("aria-sort", state.falling ? "descending" : "ascending");
      button.addEventListener("click", () => {
        state.falling = now ? !state.falling : column === "households" || column === "affected";
        state.sort = column;
        this.change();
        this.draw();
        this.columns.querySelector(`[data-sort="${column}"]`).focus();
      });
      return head;
    });
    this.columns.replaceChildren(...heads);
  }

  drawRow(item) {
    const open = item.community_id === state.community;
    const button = el("button", "row-name", areaName(item));
    button.type = "button";
    button.setAttribute("aria-expanded", String(open));
    const place = [item.district, item.subdistrict].filter(Boolean).join(" ");
    const cells = {
      name: () => [button, el("small", "", place)],
      share: () => [el("span", "share", swatch(item.share), el("span", "", percent(item.share)))],
      households: () => [known(item.households) ? count(item.households) : el("span", "quiet", t("unknown"))],
      affected: () => [known(item.affected) ? count(item.affected) : el("span", "quiet", item.status === "gap" ? t("unknown") : "–")],
      status: () => [verdict(item.status), this.saysFailing(item)],
    };
    const row = el("tr", open ? "row open" : "row");
    for (const column of this.columnsNow()) row.append(el("td", `col-${column}`, ...cells[column]()));
    row.dataset.community = item.community_id;
    row.addEventListener("click", () => this.choose(open ? "" : item.community_id));
    if (!open) return [row];
    const detail = el("tr", "detail", this.wide(el("p", "quiet", t("loading"))));
    this.openCard(item.community_id, detail.firstChild);
    return [row, detail];
  }

  /** Which answers a community misses; of a card only how many rules. */
  saysFailing(item) {
    if (isSize()) return item.status === "gap" ? el("small", "", t(item.households > page.city.sizes.oversize ? "size_over" : "size_under")) : "";
    if (state.view === "scores") return item.missed ? el("small", "", t("missed", { n: item.missed })) : "";
    return item.failing.length ? el("small", "", item.failing.map((answer) => t(`answer_${answer}`)).join(t("pause"))) : "";
  }

  async openCard(id, cell) {
    try {
      const card = await ask(`/v1/communities/${encodeURIComponent(id)}`);
      if (state.community !== id) return;
      cell.replaceChildren(drawCard(card, () => this.choose(""), this.chooseKind));
      if (this.showing === id) this.scroll(id);
      this.showing = "";
    } catch (error) {
      cell.replaceChildren(el("p", "explain", t("failed", { why: error.message })));
    }
  }

  /**
   * Bring the chosen row to the top of the panel, now and once its card stands below it. Where all
   * is one column the map is what one looks at, and nothing moves: false.
   */
  show(id) {
    this.showing = id;
    this.scroll(id);
    return this.panel.scrollHeight > this.panel.clientHeight + 1;
  }

  /** Bring the chosen row to the top of the screen where all is one column. */
  reveal(id) {
    const row = [...this.rows.children].find((line) => line.dataset.community === id);
    if (!row) return;
    const head = this.columns.parentElement.getBoundingClientRect().height;
    window.scrollTo(0, window.scrollY + row.getBoundingClientRect().top - head - 2);
    row.querySelector("button").focus({ preventScroll: true });
  }

  scroll(id) {
    const row = [...this.rows.children].find((line) => line.dataset.community === id);
    if (!row || this.panel.scrollHeight <= this.panel.clientHeight + 1) return;
    const head = this.columns.parentElement.getBoundingClientRect().height;
    const down = row.getBoundingClientRect().top - this.panel.getBoundingClientRect().top - head - 2;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.panel.scrollTo({ top: this.panel.scrollTop + down, behavior: calm ? "auto" : "smooth" });
  }
}

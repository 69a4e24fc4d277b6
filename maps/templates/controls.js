/* Controls of every page: the search field and the legend, filled in by the page itself. */

/* ---- search: `names` hold `words` in lower case; `open(entry)` shows one, `describe(entry)` gives its title and what it is ---- */
const Search = L.Control.extend({
  options: { position: "topleft", placeholder: "search", names: [] },
  onAdd() {
    const box = el("div", "lc-search"), input = el("input"), clear = el("button", "lc-search-clear", "×"), list = el("ul");
    input.type = "search";
    input.autocomplete = "off";
    input.dataset.placeholder = this.options.placeholder;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", "lc-found");
    list.id = "lc-found";
    list.setAttribute("role", "listbox");
    clear.type = "button";
    clear.dataset.hint = "search_clear";
    clear.hidden = list.hidden = true;
    let found = [], at = 0;
    const { names, open, describe } = this.options;
    const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); };
    const mark = () => [...list.children].forEach((item, n) => { item.setAttribute("aria-selected", String(n === at)); if (n === at && item.scrollIntoView) item.scrollIntoView({ block: "nearest" }); });
    const choose = (entry) => {
      close();
      input.blur();
      open(entry);
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
        const [title, note] = describe(entry);
        append(item, el("b", "", title), el("small", "", note));
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

// Links to the service's other pages, in the language of this one.

import { el, language, t } from "./words.js";

/** A link to a page made for printing, in a tab of its own. */
export function drawSheetLink(path, words = t("print")) {
  const link = el("a", "print", words);
  link.href = `${path}?lang=${language.now}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.title = t("print_hint");
  link.addEventListener("click", (event) => event.stopPropagation());
  return link;
}

/** The links between pages in the header; each page opens in the language looked at here. */
export function translateLinks() {
  for (const link of document.querySelectorAll("a[data-page]")) {
    link.href = language.now === "zh" ? link.dataset.page : `${link.dataset.page}?lang=${language.now}`;
  }
}

// The schools page on paper: nothing is folded away.

/** Open what is folded in `panel` before it is printed, and fold it again afterwards. */
export function unfoldOnPaper(panel) {
  window.addEventListener("beforeprint", () => {
    for (const fold of panel.querySelectorAll("details:not([open])")) {
      fold.open = true;
      fold.dataset.folded = "1";
    }
  });
  window.addEventListener("afterprint", () => {
    for (const fold of panel.querySelectorAll("details[data-folded]")) {
      fold.open = false;
      delete fold.dataset.folded;
    }
  });
}

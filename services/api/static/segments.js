// A choice of a few as buttons side by side, one of them pressed.

import { el } from "./words.js";

/**
 * Draw the choices in the row of the fieldset `id`; each has `value`, `words`, whether it is the one
 * chosen `now`, and why it is `absent`, "" where it can be chosen.
 */
export function drawSegments(id, choices, choose) {
  const row = document.getElementById(id).querySelector(".segment-row");
  row.replaceChildren(...choices.map((choice) => {
    const input = el("input");
    Object.assign(input, { type: "radio", name: id, value: choice.value, checked: choice.now, disabled: Boolean(choice.absent) });
    input.addEventListener("change", () => choose(choice.value));
    const label = el("label", "", input, el("span", "", choice.words));
    if (choice.absent) label.title = choice.absent;
    return label;
  }));
}

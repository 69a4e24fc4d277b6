// What the address asks for and the city does not have.

import { askParcels } from "./schools_answers.js";
import { rememberState, state, unheard } from "./schools_state.js";
import { el, t } from "./words.js";

/** A parcel that is not there is left out; all that was asked for in vain is said. */
export async function tellUnheard() {
  const { parcels } = await askParcels().catch(() => ({ parcels: null }));
  if (parcels && state.parcel && !parcels.some((one) => one.parcel_id === state.parcel)) {
    unheard.set("parcel", state.parcel);
    Object.assign(state, { parcel: "", release: false });
    rememberState();
  }
  drawUnheard();
}

export function drawUnheard() {
  const note = document.getElementById("unheard");
  note.hidden = !unheard.size;
  note.replaceChildren(...[...unheard].map(([name, asked]) => el("span", "", t(`schools_no_${name}`, { asked }))));
}

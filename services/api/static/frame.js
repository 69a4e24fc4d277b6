// The map in its frame: what is told to it, and the journey it was last told of.

import { t } from "./words.js";

export const map = document.getElementById("map");
const back = document.getElementById("map-back");
let journey = null;
let leadBack = () => {};

/** Send a message to the map; only a page of this origin gets it. */
export function tellMap(message) {
  if (map.contentWindow) map.contentWindow.postMessage(message, location.origin);
}

/** Draw a journey on the map, or with null none; `zoom` brings it into view as well. */
export function traceJourney(legs, { zoom = false } = {}) {
  journey = legs && legs.length ? { legs } : null;
  tellMap({ type: "lifecircle:journey", journey, zoom });
  if (zoom) showMap();
  else if (!journey) back.hidden = true;
}

/** Where map and card do not fit on one screen, a button leads back to where one was reading. */
function showMap() {
  const left = window.scrollY;
  map.scrollIntoView({ block: "nearest" });
  if (Math.abs(window.scrollY - left) < 40) back.hidden = true;
  else offerWay("journey_back", () => window.scrollTo(0, left));
}

/** A button on the map, for what lies outside the screen. */
export function offerWay(words, lead) {
  back.dataset.t = words;
  back.textContent = t(words);
  back.hidden = false;
  leadBack = lead;
}

back.addEventListener("click", () => {
  back.hidden = true;
  leadBack();
});

/** Tell a map that has just been loaded again. */
export function retraceJourney() {
  if (journey) tellMap({ type: "lifecircle:journey", journey, zoom: false });
}

/* ---- a journey the page around this one tells of: dotted on foot, solid by vehicle ---- */
/* {legs: [{mode, geometry: GeoJSON LineString or null, label, from, to}]}, places {lon, lat, label, stop} */
const MOST = { legs: 60, points: 20000, letters: 120 };
const journey = { legs: null, group: null, marks: [], bounds: null };
const isDegrees = (at) => Array.isArray(at) && Number.isFinite(at[0]) && Number.isFinite(at[1]) && Math.abs(at[0]) <= 180 && Math.abs(at[1]) <= 85;
const shortly = (words) => (typeof words === "string" ? words.slice(0, MOST.letters) : "");
const readPlace = (place) => {
  if (!place || !isDegrees([place.lon, place.lat])) return null;
  return { at: L.latLng(place.lat, place.lon), label: shortly(place.label), stop: place.stop === true };
};
const readLeg = (leg) => {
  const line = (leg && leg.geometry && leg.geometry.coordinates) || [];
  const from = readPlace(leg && leg.from), to = readPlace(leg && leg.to);
  if (!from || !to || !Array.isArray(line) || line.length > MOST.points || !line.every(isDegrees)) return null;
  const mode = leg.mode === "walk" || leg.mode === "wait" ? leg.mode : "ride";
  return { mode, label: shortly(leg.label), from, to, line: line.map(([lon, lat]) => L.latLng(lat, lon)) };
};
/* all of it or nothing: half a journey would mislead */
const readJourney = (told) => {
  const legs = told && Array.isArray(told.legs) && told.legs.length <= MOST.legs ? told.legs.map(readLeg) : [];
  return legs.length && legs.every(Boolean) ? legs : null;
};

/* home, every stop where one gets on or off, the facility; one mark where two fall together */
const listMarks = (legs) => {
  const marks = [{ role: "home", rank: 1, ...legs[0].from }];
  const stopAt = (place) => {
    const before = marks[marks.length - 1];
    if (before.role !== "stop" || before.at.distanceTo(place.at) > 2) marks.push({ role: "stop", rank: 3, ...place });
  };
  for (const leg of legs) {
    if (leg.mode !== "ride") continue;
    stopAt(leg.from);
    if (leg.label && leg.line.length > 1) marks.push({ role: "line", rank: 2, at: middleOf(leg.line), label: leg.label });
    stopAt(leg.to);
  }
  return [...marks, { role: "facility", rank: 0, ...legs[legs.length - 1].to }];
};
const middleOf = (line) => {
  let whole = 0;
  const long = line.map((at, i) => (whole += i ? at.distanceTo(line[i - 1]) : 0));
  const i = Math.max(1, long.findIndex((far) => far >= whole / 2));
  const share = long[i] > long[i - 1] ? (whole / 2 - long[i - 1]) / (long[i] - long[i - 1]) : 0;
  return L.latLng(line[i - 1].lat + share * (line[i].lat - line[i - 1].lat), line[i - 1].lng + share * (line[i].lng - line[i - 1].lng));
};

const clearJourney = () => {
  if (journey.group) journey.group.remove();
  Object.assign(journey, { legs: null, group: null, marks: [], bounds: null });
  showJourneyed();
};
const showJourneyed = () => {
  for (const node of document.querySelectorAll("li[data-journey]")) node.hidden = !journey.legs;
  if (drawn && drawn.transit) drawn.transit.lines.redraw();
};

/* lines in a pane of their own, above all that can be clicked, and letting every click through */
const journeyPane = () => {
  const { map } = LC;
  if (!map.getPane("journey")) {
    map.createPane("journey").style.zIndex = 450;
    journey.renderer = L.svg({ pane: "journey", padding: 0.6 });
  }
  return { pane: "journey", renderer: journey.renderer, interactive: false, lineCap: "round", lineJoin: "round" };
};
const drawLeg = (leg, group, under) => {
  if (leg.mode === "wait" || leg.line.length < 2) return;
  const pane = journeyPane(), walk = leg.mode === "walk";
  const style = under
    ? { color: palette.transit.casing, weight: 9, opacity: 0.95, className: "lc-journey-under" }
    : { color: palette.transit.line, weight: walk ? 4.5 : 5, opacity: 1, dashArray: walk ? "0.1 8" : null, className: `lc-journey-${leg.mode}` };
  L.polyline(leg.line, { ...pane, ...style }).addTo(group);
};
const drawMark = (mark) => {
  const icon = el("span", `lc-at lc-at-${mark.role}`), dot = el("i"), label = el("b", "", mark.label || (mark.role === "stop" ? t("stop_unnamed") : ""));
  if (mark.role === "home") dot.style.background = palette.homes.uncovered;
  else if (mark.role === "facility") dot.style.background = data.color;
  else icon.style.setProperty("--ride", palette.transit.line);
  if (!label.textContent) label.hidden = true;
  append(icon, mark.role === "line" ? null : dot, label);
  const marker = L.marker(mark.at, { icon: L.divIcon({ className: "lc-mark", html: icon, iconSize: [0, 0] }), interactive: false, keyboard: false, zIndexOffset: 2000 - 100 * mark.rank });
  return { ...mark, marker, dot, label };
};
const drawJourney = (told, zoom) => {
  const legs = readJourney(told);
  clearJourney();
  if (!legs) return;
  journey.legs = legs;
  journey.group = L.layerGroup().addTo(LC.map);
  for (const under of [true, false]) for (const leg of legs) drawLeg(leg, journey.group, under);
  journey.marks = listMarks(legs).map(drawMark);
  const stopped = journey.marks.filter((mark) => mark.role === "stop");
  stopped.forEach((mark, n) => { if (n && stopped[n - 1].label.textContent === mark.label.textContent) mark.twin = stopped[n - 1]; });
  for (const mark of journey.marks) mark.marker.addTo(journey.group);
  journey.bounds = L.latLngBounds(legs.flatMap((leg) => [leg.from.at, leg.to.at, ...leg.line]));
  showJourneyed();
  if (zoom) zoomToJourney();
  else placeLabels();
};
/* a card would cover what was asked for */
const zoomToJourney = () => {
  LC.map.closePopup();
  const room = padding(), narrow = LC.map.getSize().x < 720;
  /* a narrow map has its search above and its folded legend below */
  if (narrow) Object.assign(room, { paddingTopLeft: [20, 76], paddingBottomRight: [20, 112] });
  LC.map.fitBounds(journey.bounds.pad(0.06), { ...room, maxZoom: 17, animate: false });
  placeLabels();
};

/* the journey's lines as points a few pixels apart, on the screen */
const tracePoints = (frame) => {
  const points = [];
  for (const leg of journey.legs) {
    const line = leg.line.map((at) => LC.map.latLngToContainerPoint(at));
    for (let i = 1; i < line.length; i++) {
      const n = Math.min(200, Math.ceil(line[i].distanceTo(line[i - 1]) / 8));
      for (let k = 0; k < n; k++) points.push([frame.left + line[i - 1].x + (k / n) * (line[i].x - line[i - 1].x), frame.top + line[i - 1].y + (k / n) * (line[i].y - line[i - 1].y)]);
    }
  }
  return points;
};
/* names stand on the side that is free and hides least of the way; those that find no room wait until one zooms in */
const SIDES = ["right", "left", "above", "below"];
const meets = (a, b, gap) => a.left < b.right + gap && b.left < a.right + gap && a.top < b.bottom + gap && b.top < a.bottom + gap;
const placeLabels = () => {
  if (!journey.legs) return;
  const frame = LC.map.getContainer().getBoundingClientRect();
  const taken = journey.marks.filter((mark) => mark.role !== "line").map((mark) => mark.dot.getBoundingClientRect());
  for (const control of LC.map.getContainer().querySelectorAll(".leaflet-control")) taken.push(control.getBoundingClientRect());
  const points = tracePoints(frame);
  const hidden = (box) => points.filter(([x, y]) => x > box.left && x < box.right && y > box.top && y < box.bottom).length;
  const within = (box) => box.left >= frame.left + 4 && box.right <= frame.right - 4 && box.top >= frame.top + 4 && box.bottom <= frame.bottom - 4;
  const seen = (mark) => LC.map.getBounds().contains(mark.at);
  for (const mark of [...journey.marks].sort((a, b) => a.rank - b.rank)) {
    const { label } = mark, sides = mark.role === "line" ? ["over"] : SIDES;
    const twice = mark.twin && meets(mark.dot.getBoundingClientRect(), mark.twin.dot.getBoundingClientRect(), 60);
    let best = null;
    for (const side of twice ? [] : sides) {
      label.dataset.side = side;
      const box = label.getBoundingClientRect();
      if (taken.some((other) => meets(box, other, 2)) || (seen(mark) && !within(box))) continue;
      const loss = hidden(box);
      if (!best || loss < best.loss) best = { side, box, loss };
    }
    label.classList.toggle("lc-out", !best);
    if (!best) continue;
    label.dataset.side = best.side;
    taken.push(best.box);
  }
};

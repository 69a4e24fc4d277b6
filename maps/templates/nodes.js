/* What pages of every kind are built with; names are only ever set as text. */
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const query = new URLSearchParams(location.search);
const embedded = query.get("embed") === "1";
const framed = window.parent !== window && /^https?:$/.test(location.protocol);
const LANGUAGE_KEY = "lifecircle.lang";
const stored = () => { try { return localStorage.getItem(LANGUAGE_KEY); } catch { return null; } };
const known = (value) => value !== null && value !== undefined && !Number.isNaN(value);
const el = (tag, className, words) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (words !== undefined) node.textContent = words;
  return node;
};
const append = (parent, ...children) => { parent.append(...children.filter(Boolean)); return parent; };
const row = (table, head, value, note) => {
  const line = el("tr");
  const cell = el("td", "", value);
  if (note) cell.append(el("small", "", note));
  append(line, el("th", "", head), cell);
  table.append(line);
};

/* stripes on a ground, as a fill of the canvas; `both` crosses them */
const hatch = (stripe, ground, { side = 8, width = 1.3, ground_alpha = 0.55, both = false } = {}) => {
  const ratio = Math.min(3, Math.ceil(window.devicePixelRatio || 1));
  const tile = document.createElement("canvas");
  tile.width = tile.height = side * ratio;
  const ctx = tile.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.fillStyle = ground;
  ctx.globalAlpha = ground_alpha;
  ctx.fillRect(0, 0, side, side);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = stripe;
  ctx.lineWidth = width;
  ctx.beginPath();
  for (const shift of [-side, 0, side]) {
    ctx.moveTo(shift, side);
    ctx.lineTo(shift + side, 0);
    if (both) { ctx.moveTo(shift, 0); ctx.lineTo(shift + side, side); }
  }
  ctx.stroke();
  const pattern = ctx.createPattern(tile, "repeat");
  if (pattern && pattern.setTransform) pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
};

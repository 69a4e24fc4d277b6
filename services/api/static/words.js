// Words and numbers of the page, in the language chosen.

const data = JSON.parse(document.getElementById("page-data").textContent);

export const page = data;
/** What words are said in: the language, and the mode looked at where it has words of its own. */
export const language = { now: data.lang, mode: "" };

/** The words of a key, with {names} filled in; names are text and stay text. */
export function t(key, fill = {}) {
  const words = (data.words[`${key}.${language.mode}`] || data.words[key] || { zh: key, en: key })[language.now];
  return words.replace(/\{(\w+)\}/g, (all, name) => (name in fill ? String(fill[name]) : all));
}

/** Whichever of `<stem>_zh` and `<stem>_en` (or plain `<stem>` for Chinese) the language asks for. */
export function pick(entry, stem) {
  const zh = entry[`${stem}_zh`] ?? entry[stem];
  const en = entry[`${stem}_en`];
  return (language.now === "zh" ? zh || en : en || zh) || "";
}

export const known = (value) => value !== null && value !== undefined && Number.isFinite(Number(value));

export function count(value) {
  return known(value) ? Math.round(value).toLocaleString("en-US") : t("unknown");
}

/** A share as per cent; 0 % and 100 % are said only when they are exact. */
export function percent(share) {
  if (!known(share)) return t("unknown");
  const p = 100 * share;
  if (p === 0 || p === 100) return `${p}%`;
  return `${Math.min(99.9, Math.max(0.1, p)).toFixed(1)}%`;
}

export const metres = (value) => t("n_metres", { n: Math.round(value).toLocaleString("en-US") });

/** Whole seconds begun and done, as clocks count them: `5分02秒`; whole minutes go without seconds. */
export function duration(seconds) {
  if (!known(seconds)) return t("unknown");
  const whole = Math.floor(seconds + 0.001), m = Math.floor(whole / 60), s = whole % 60;
  if (!s && m) return t("minutes_only", { m });
  return m ? t("minutes_seconds", { m, s: String(s).padStart(2, "0") }) : t("seconds_only", { s });
}

/** A time of the service day as a clock shows it; past midnight it says so. */
export function clock(seconds, { exact = true } = {}) {
  const whole = Math.floor(seconds), pad = (n) => String(n).padStart(2, "0");
  const h = Math.floor(whole / 3600), time = `${pad(h % 24)}:${pad(Math.floor(whole / 60) % 60)}${exact ? `:${pad(whole % 60)}` : ""}`;
  return h >= 24 ? t("next_day", { time }) : time;
}

export function limitText(limit) {
  const n = String(Number(limit.limit));
  return limit.limit_unit === "m" ? t("metres", { n }) : t("minutes", { n });
}

/** An element with a class, text or children. Text is only ever set as text. */
export function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** Put the words of the language into everything the server rendered. */
export function translatePage() {
  document.documentElement.lang = language.now === "zh" ? "zh-CN" : "en";
  document.title = t("title", { city: data.city.name });
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-title]")) node.title = t(node.dataset.tTitle);
  for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = t(node.dataset.tPlaceholder);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  document.getElementById("language").lang = language.now === "zh" ? "en" : "zh-CN";
}

const breaks = data.palette.breaks, colors = data.palette.colors;

/** Small square in the colour the map gives this share; stripes for what is unknown. */
export function swatch(share) {
  const box = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  box.setAttribute("viewBox", "0 0 12 12");
  box.setAttribute("class", "swatch");
  box.setAttribute("aria-hidden", "true");
  const shape = (name, values) => {
    const part = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) part.setAttribute(key, value);
    box.append(part);
  };
  if (known(share)) {
    let place = 0;
    while (place < colors.length - 1 && share >= breaks[place + 1]) place += 1;
    shape("rect", { x: 0.5, y: 0.5, width: 11, height: 11, rx: 1.5, fill: colors[place], stroke: "#4b5158" });
  } else {
    shape("rect", { x: 0.5, y: 0.5, width: 11, height: 11, rx: 1.5, fill: "#fff", stroke: "#8b9097", "stroke-dasharray": "2 1.6" });
    shape("path", { d: "M1.5 10.5 10.5 1.5M1.5 5.5 5.5 1.5M6.5 10.5 10.5 6.5", stroke: "#8b9097", "stroke-width": 1, fill: "none" });
  }
  return box;
}

/** An amount with its unit as it is written in a sentence: 25 %, 3 places, 350 m². */
export function amount(value, unit) {
  if (!known(value)) return t("unknown");
  if (unit === "share") return percent(value);
  const n = Number(value).toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : 0 });
  return page.words[`amount_${unit}`] ? t(`amount_${unit}`, { n }) : `${n} ${unit}`.trim();
}

/** Verdict as a sign and a word, so that it does not hang on colour alone; the word may be unseen. */
export function verdict(status, { words = true } = {}) {
  const sign = { gap: "▲", met: "✓", unknown: "?", not_applicable: "–", none: "·" }[status] || "·";
  const mark = el("span", "sign", sign);
  mark.setAttribute("aria-hidden", "true");
  return el("span", `verdict verdict-${status}`, mark, words ? t(`status_${status}`) : el("span", "unseen", t(`status_${status}`)));
}

/** How well a figure is known; what was seen in the text itself needs no mark of its own colour. */
export const drawStanding = (status) => (status ? el("em", `standing standing-${status}`, t(`source_${status}`)) : null);

/* What the page of schools was given, its state, its words. Its scripts share one block, in the order
   nodes, shell, controls, schools_words, schools_figures, schools_marks, schools_drawing, schools_cards,
   schools_legend, schools_page. */
const shared = read("lc-shared"), data = read("lc-schools");
const { communities } = shared, { parcels, clusters } = data;
const palette = { ...shared.palette, schools: data.palette };
const text = { ...shared.text, ...data.text };
const colors = data.palette;
const STATUSES = ["gap", "unknown", "met", "not_applicable", ""];
const levelCodes = data.levels.map((level) => level.code);

/* level and year are row numbers; open: the card on the map; chosen: what is outlined, {what, i} */
const state = { lang: data.lang, level: Math.max(0, levelCodes.indexOf(data.level)), year: 0, district: "", open: null, chosen: null, loses: null };
for (const lang of [embedded ? null : stored(), query.get("lang")]) if (lang === "zh" || lang === "en") state.lang = lang;

/* ---- words and numbers ---- */
const whole = (value) => (value > 0 && value < 1 ? "<1" : Math.round(value).toLocaleString("en-US"));
const count = (value) => (known(value) ? whole(value) : t("unknown"));
const metres = (value) => (known(value) ? t("schools_metres", { n: whole(value) }) : t("unknown"));
const area = (value) => (known(value) ? t("schools_m2", { n: whole(value) }) : t("unknown"));
const children = (value) => t(Math.round(value) === 1 ? "schools_child" : "schools_children", { n: whole(value) });
const year = () => data.years[state.year];
const level = () => data.levels[state.level];
const levelName = (code) => {
  const own = data.levels.find((one) => one.code === code);
  return own ? own.title[state.lang] : t(`schools_level_${code || "none"}`);
};
const communityName = (i) => communities.source[i] === "cells" ? t("card_cell", { id: communities.id[i].replace(/^c_/, "").replace("_", "-") }) : communities.name[i] || communities.id[i];
const communityPlace = (i) => [communities.district[i], communities.subdistrict[i]].filter(Boolean).join(" · ");
/* what would settle an unknown, by table and column, in words where there are some */
const settling = (codes) => [...new Set(codes.split(",").filter(Boolean))].map((code) => {
  const key = `schools_settle_${code.replace(/[. ].*$/, "")}_${(code.match(/\.(\w+)/) || ["", ""])[1]}`.replace(/_$/, "");
  return key in text ? t(key) : code;
});

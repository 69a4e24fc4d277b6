// Answers of the service the schools page has asked for, each kept once it is there.

import { ask } from "./asking.js";
import { state } from "./schools_state.js";
import { keepNames } from "./schools_words.js";

const kept = new Map();

/** Ask once; an answer that failed is asked for again. */
export function once(path, values = {}) {
  const key = JSON.stringify([path, values]);
  if (!kept.has(key)) {
    const answer = ask(path, values).then((found) => {
      keepNames(found.missing || []);
      return found;
    });
    kept.set(key, answer);
    answer.catch(() => kept.delete(key));
  }
  return kept.get(key);
}

const parcelPath = (id, what) => `/v1/parcels/${encodeURIComponent(id)}/${what}`;

export const askParcels = () => once("/v1/parcels");
export const askAssessment = (id) => once(parcelPath(id, "assessment"));
export const askRelease = (id) => once(parcelPath(id, "release"));
export const askChanges = () => once("/v1/parcels/compare");
export const askShortages = () => once("/v1/shortages", { level: state.level, district: state.district });
export const askSchools = () => once("/v1/schools", { level: state.level, year: state.year, district: state.district });

/** Every level and year of the city, of the district looked at, or of one community. */
export async function askYears() {
  const { community, district } = state;
  const asked = community ? { scope: "community", area: community } : district ? { scope: "district", area: district } : { scope: "city" };
  return (await once("/v1/school-years", { ...asked })).rows;
}

/** The communities in the year looked at, by code. */
export async function askCommunityYear() {
  const found = await once("/v1/school-years", { level: state.level, scope: "community", year: state.year });
  return new Map(found.rows.map((row) => [row.area_id, row]));
}

/* ---- signs on the canvas: schools, parcels by number, children without a place ---- */
const clamp = (low, value, high) => Math.max(low, Math.min(high, value));
const onPage = (xy, i, frame) => [xy[2 * i] * frame.size + frame.dx, xy[2 * i + 1] * frame.size + frame.dy];
const inFrame = (xy, i, frame) => xy[2 * i] >= frame.x0 && xy[2 * i] <= frame.x1 && xy[2 * i + 1] >= frame.y0 && xy[2 * i + 1] <= frame.y1;
const toUnit = (lon, lat) => LC.mercator(lon.flatMap((x, n) => [x, lat[n]].map((degrees) => Math.round((known(degrees) ? degrees : 0) * 1e5))));
const FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Segoe UI", system-ui, sans-serif';
const TURN = 2 * Math.PI;

const schoolRadius = (i, zoom) => {
  const places = level().schools.places[i];
  return clamp(4, (known(places) ? Math.sqrt(places) : 17) * 0.22 * Math.pow(1.2, zoom - 13.5), 18);
};
const schoolXY = () => {
  const own = unpackLevel(level());
  if (!own.xy) own.xy = LC.mercator(own.steps);
  return own.xy;
};
const paintSign = (ctx, sign, x, y, r) => {
  ctx.setLineDash([]);
  ctx.fillStyle = colors.halo;
  ctx.beginPath();
  if (sign === "full") ctx.rect(x - r - 1.6, y - r - 1.6, 2 * r + 3.2, 2 * r + 3.2);
  else ctx.arc(x, y, r + 1.6, 0, TURN);
  ctx.fill();
  ctx.beginPath();
  if (sign === "full") ctx.rect(x - r, y - r, 2 * r, 2 * r);
  else ctx.arc(x, y, r - (sign === "free" ? 0 : 1), 0, TURN);
  if (sign === "free" || sign === "full") { ctx.fillStyle = sign === "full" ? colors.full : colors.school; ctx.fill(); return; }
  ctx.strokeStyle = colors.school;
  ctx.lineWidth = sign === "later" ? 2 : 1.8;
  ctx.setLineDash(sign === "later" ? [3, 2.4] : []);
  ctx.stroke();
  if (sign === "unsure") {
    ctx.fillStyle = colors.school;
    ctx.font = `700 ${Math.max(9, Math.round(r * 1.35))}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText("?", x, y + 0.5);
  }
};
const paintSchools = (ctx, frame, zoom) => {
  const xy = schoolXY(), n = level().schools.id.length;
  /* the large ones first, so that a small one beside them stays seen */
  const order = Array.from({ length: n }, (_, i) => i).filter((i) => inFrame(xy, i, frame)).sort((a, b) => schoolRadius(b, zoom) - schoolRadius(a, zoom));
  for (const i of order) {
    const [x, y] = onPage(xy, i, frame), { sign, opening } = tellSchool(i), r = schoolRadius(i, zoom);
    ctx.globalAlpha = isAway(schoolDistrict(i)) ? 0.25 : 1;
    if (state.chosen && state.chosen.what === "school" && state.chosen.i === i) {
      ctx.setLineDash([]);
      ctx.strokeStyle = colors.chosen;
      ctx.lineWidth = 3;
      ctx.beginPath();
      ctx.arc(x, y, 1.3 * r + 7, 0, TURN);
      ctx.stroke();
    }
    paintSign(ctx, sign, x, y, r);
    if (sign === "later" && zoom >= 14.5) paintWords(ctx, opening === 2 ? "?" : String(level().schools.opening_year[i]), x, y + r + 9, colors.school, 11);
  }
};
const hitNearest = (xy, members, radiusOf, point, frame) => {
  const slack = L.Browser.mobile ? 8 : 3;
  let best = Infinity, hit = -1;
  for (const i of members) {
    const [x, y] = onPage(xy, i, frame), far = Math.hypot(x - point.x, y - point.y);
    if (far < best && far <= radiusOf(i) + slack) { best = far; hit = i; }
  }
  return hit;
};
const hitSchool = (point, frame, zoom) => {
  const xy = schoolXY();
  return hitNearest(xy, level().schools.id.map((_, i) => i), (i) => schoolRadius(i, zoom), point, frame);
};

const paintWords = (ctx, words, x, y, color, size, weight = 700) => {
  ctx.font = `${weight} ${size}px ${FONT}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.setLineDash([]);
  ctx.lineWidth = 3.4;
  ctx.strokeStyle = "rgb(255 255 255 / 92%)";
  ctx.strokeText(words, x, y);
  ctx.fillStyle = color;
  ctx.fillText(words, x, y);
};

/* parcels with something against them, the most urgent first */
const LOST = new Set(["re-zoned", "occupied"]);
const listUrgent = () => parcels.id.map((_, i) => i)
  .filter((i) => teaches(i) && !parcelAway(i) && known(parcels.urgency[i]) && parcels.gaps[i] > 0 && known(parcels.lon[i]))
  .sort((a, b) => parcels.urgency[a] - parcels.urgency[b]).slice(0, colors.numbered);
const parcelXY = toUnit(parcels.lon, parcels.lat);
/* boxes on the page of what is numbered now, in the same place at every drawing of one view */
const placeBadges = (frame, zoom) => {
  const taken = [], size = zoom < 13 ? 15 : 18, signed = LC.map.hasLayer(layers.schools_layer_schools) ? new Set(level().schools.parcel) : new Set();
  for (const i of listUrgent()) {
    if (!inFrame(parcelXY, i, frame)) continue;
    /* where a school's own sign stands the number goes beside it */
    const shift = signed.has(parcels.id[i]) ? Math.max(15, 6 + schoolRadius(level().schools.parcel.indexOf(parcels.id[i]), zoom) * 1.1) : 0;
    const [x, y] = onPage(parcelXY, i, frame).map((at) => at - shift), words = String(parcels.urgency[i]), w = size + 7 * (words.length - 1);
    const box = [x - w / 2, y - size / 2, x + w / 2, y + size / 2];
    if (!taken.some((other) => meets(box, other.box))) taken.push({ i, box, words });
  }
  return taken;
};
const meets = (a, b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1];
const paintParcels = (ctx, frame, zoom) => {
  const badges = placeBadges(frame, zoom), numbered = new Set(badges.map(({ i }) => i));
  const own = parcels.id.map((_, i) => i).filter((i) => known(parcels.lon[i]) && !numbered.has(i) && teaches(i) && !parcelAway(i) && inFrame(parcelXY, i, frame));
  /* too small to be seen as an area */
  for (const i of own) {
    if (LC.spanOf(i) * frame.size > 9) continue;
    const [x, y] = onPage(parcelXY, i, frame), lost = LOST.has(parcels.status[i]);
    ctx.fillStyle = lost ? colors.parcel.lost : parcels.status[i] === "open" ? colors.parcel.kept : colors.halo;
    ctx.strokeStyle = lost ? colors.halo : colors.parcel.kept;
    ctx.setLineDash([]);
    ctx.lineWidth = 1.6;
    ctx.beginPath();
    ctx.rect(x - 3.5, y - 3.5, 7, 7);
    ctx.fill();
    ctx.stroke();
  }
  for (const { i, box, words } of badges) {
    const lost = LOST.has(parcels.status[i]), [x0, y0, x1, y1] = box;
    ctx.setLineDash([]);
    ctx.fillStyle = lost ? colors.parcel.lost : colors.halo;
    ctx.strokeStyle = lost ? colors.halo : colors.parcel.kept;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.roundRect(x0, y0, x1 - x0, y1 - y0, 4);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = lost ? colors.halo : colors.parcel.kept;
    ctx.font = `700 ${y1 - y0 - 6}px ${FONT}`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(words, (x0 + x1) / 2, (y0 + y1) / 2 + 0.5);
  }
};
const hitParcel = (point, frame, zoom) => {
  const badge = placeBadges(frame, zoom).find(({ box }) => point.x >= box[0] && point.x <= box[2] && point.y >= box[1] && point.y <= box[3]);
  if (badge) return badge.i;
  return hitNearest(parcelXY, parcels.id.map((_, i) => i).filter((i) => teaches(i) && known(parcels.lon[i])), () => 3.5, point, frame);
};

/* numbers find a free place beside the signs, the largest first; too small a community shows none */
const communityXY = toUnit(communities.lon, communities.lat);
const SHIFTS = [[0, 0], [0, -17], [0, 17], [-22, 0], [22, 0], [-20, -15], [20, -15], [-20, 15], [20, 15], [0, -30], [0, 30]];
const placeNumbers = (ctx, frame, zoom, boxes) => {
  const placed = [], size = zoom < 13 ? 11 : 13;
  ctx.font = `700 ${size}px ${FONT}`;
  const wanted = communities.id.map((_, i) => [i, shortOf(i), tellCommunity(i)]).filter(([i, short]) => short > 0 && !isAway(communities.district[i]) && inFrame(communityXY, i, frame));
  for (const [i, , told] of wanted.sort((a, b) => b[1] - a[1])) {
    const words = sayLeast(told), w = ctx.measureText(words).width + 4;
    const [high, wide] = [LC.boxes[i][3] - LC.boxes[i][1], LC.boxes[i][2] - LC.boxes[i][0]].map((side) => side * frame.size);
    if (wide < w * 1.1 || high < size * 1.3) continue;
    const [x, y] = onPage(communityXY, i, frame);
    for (const [dx, dy] of SHIFTS) {
      if (Math.abs(dx) > wide / 2 - w / 2 && dx) continue;
      if (Math.abs(dy) > high / 2 - size / 2 && dy) continue;
      const box = [x + dx - w / 2, y + dy - size / 2, x + dx + w / 2, y + dy + size / 2];
      if (boxes.some((other) => meets(box, other))) continue;
      boxes.push(box);
      placed.push({ words, x: x + dx, y: y + dy, size });
      break;
    }
  }
  return placed;
};
const schoolBoxes = (frame, zoom) => level().schools.id.map((_, i) => i).filter((i) => inFrame(schoolXY(), i, frame)).map((i) => {
  const [x, y] = onPage(schoolXY(), i, frame), r = schoolRadius(i, zoom);
  return [x - r, y - r, x + r, y + r];
});
const paintNumbers = (ctx, frame, zoom) => {
  const on = (key) => LC.map.hasLayer(layers[key]);
  const boxes = [...(on("schools_layer_parcels") ? placeBadges(frame, zoom).map(({ box }) => box) : []), ...(on("schools_layer_schools") ? schoolBoxes(frame, zoom) : [])];
  for (const { words, x, y, size } of placeNumbers(ctx, frame, zoom, boxes)) paintWords(ctx, words, x, y, colors.chosen, size);
};
/* those counted together by a rule on the level */
const isOwnCluster = (i) => !clusters.kind[i] || clusters.kind[i] === level().code;
const classClusters = () => Uint8Array.from(clusters.id, (_, i) => (isOwnCluster(i) ? 0 : 9));
const clusterXY = toUnit(clusters.lon, clusters.lat);
const paintClusters = (ctx, frame, zoom) => clusters.id.forEach((_, i) => {
  if (zoom < 12 || !isOwnCluster(i) || !inFrame(clusterXY, i, frame)) return;
  const [x, y] = onPage(clusterXY, i, frame), sum = clusters.households[i], least = clusters.threshold[i];
  const size = known(sum) ? t("home_households", { n: whole(sum) }) : t("home_households_unknown");
  const held = known(sum) && known(least) ? ` ${sum < least ? "<" : "≥"} ${whole(least)}` : "";
  paintWords(ctx, `Σ ${size}${held}`, x, y + 20, colors.cluster, 12);
  paintWords(ctx, t(`gap_${STATUSES.includes(clusters.status[i]) && clusters.status[i] ? clusters.status[i] : "unknown"}`), x, y + 35, colors.cluster, 12);
});
/* who loses a place if a parcel were given up */
const paintLosses = (ctx, frame) => {
  for (const { i, lost, moved } of state.loses || []) {
    if (!inFrame(communityXY, i, frame)) continue;
    const [x, y] = onPage(communityXY, i, frame), words = lost > 0 ? `−${whole(lost)}` : `→ ${whole(moved)}`;
    ctx.font = `700 13px ${FONT}`;
    const w = ctx.measureText(words).width + 14;
    ctx.setLineDash([]);
    ctx.fillStyle = lost > 0 ? colors.loses : colors.chosen;
    ctx.strokeStyle = colors.halo;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.roundRect(x - w / 2, y - 11, w, 22, 11);
    ctx.stroke();
    ctx.fill();
    ctx.fillStyle = colors.halo;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(words, x, y + 0.5);
  }
};

"""Notices about an OSM file: what was missing, cut, doubled or left out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from geo.units import IntArray
from layers.notices import Notice
from layers.osm_scan import OsmScan

Box = tuple[float, float, float, float]
_EXAMPLES = 3
# A header box so much larger than the streets inside it is a placeholder, not a box.
_BOX_TOO_LARGE = 400.0


def _examples(prefix: str, numbers: Sequence[int] | IntArray) -> str:
    shown = ", ".join(f"{prefix}{number}" for number in list(numbers)[:_EXAMPLES])
    return shown + (" …" if len(numbers) > _EXAMPLES else "")


def note_file(scan: OsmScan[Any], bounds: Box, layer: str) -> list[Notice]:
    """Notices about the file as a whole: empty, without streets, header box, doubled ids."""
    notices = []
    if not scan.n_objects and not scan.node_id.size:
        return [
            Notice(
                "error",
                "empty_osm",
                layer,
                "the file holds no street and no place; expected an extract of a city",
                "文件中没有任何道路或地点，请换用城市的 OSM 数据",
            )
        ]
    if bounds[0] != bounds[0]:
        notices.append(
            Notice(
                "error",
                "no_streets",
                layer,
                "the file holds no walkable street; expected an extract with highway=* ways",
                "文件中没有可步行的道路，请换用含道路的 OSM 数据",
            )
        )
    else:
        notices += _note_box(scan.header_box, bounds, layer)
    if scan.duplicate_ids:
        n = len(scan.duplicate_ids)
        shown = ", ".join(scan.duplicate_ids[:_EXAMPLES]) + (" …" if n > _EXAMPLES else "")
        notices.append(
            Notice(
                "warning",
                "duplicate_ids",
                layer,
                f"{n} ids occur more than once ({shown}); of each the highest version is used, of equal "
                "versions the last",
                f"{n} 个编号重复出现（{shown}），各取版本最高者，版本相同取最后一个",
                row=scan.duplicate_ids[0],
                count=n,
            )
        )
    return notices


def _note_box(box: Box | None, bounds: Box, layer: str) -> list[Notice]:
    measured = ", ".join(f"{value:.4f}" for value in bounds)
    if box is None:
        return [
            Notice(
                "info",
                "header_box_missing",
                layer,
                f"the file does not say which area it covers; taken from its streets: {measured}",
                f"文件未注明范围，按道路取 {measured}",
                expected=measured,
            )
        ]
    apart = box[0] > bounds[2] or box[2] < bounds[0] or box[1] > bounds[3] or box[3] < bounds[1]
    area = max(bounds[2] - bounds[0], 1e-3) * max(bounds[3] - bounds[1], 1e-3)
    if not apart and (box[2] - box[0]) * (box[3] - box[1]) <= _BOX_TOO_LARGE * area:
        return []
    found = ", ".join(f"{value:.4f}" for value in box)
    return [
        Notice(
            "warning",
            "header_box_wrong",
            layer,
            f"the header says the file covers {found}, its streets cover {measured}; the streets count",
            f"文件头注明的范围是 {found}，道路实际范围是 {measured}，以道路为准",
            found=found,
            expected=measured,
        )
    ]


def note_unknown_highways(values: Counter[str], layer: str) -> list[Notice]:
    """Notice about highway values the walking rules do not know."""
    if not values:
        return []
    shown = ", ".join(f"{value} ({n})" for value, n in values.most_common(_EXAMPLES))
    more = " …" if len(values) > _EXAMPLES else ""
    return [
        Notice(
            "info",
            "unknown_highway",
            layer,
            f"{values.total()} ways have a highway value no rule knows: {shown}{more}; not walked on",
            f"{values.total()} 条道路的 highway 取值不在规则中：{shown}{more}，不作步行道路",
            column="highway",
            found=shown,
            count=values.total(),
        )
    ]


def note_missing_nodes(way_ids: IntArray, n_missing: IntArray, layer: str) -> list[Notice]:
    """Notice about walkable ways that run through nodes the file lacks."""
    holed = way_ids[n_missing > 0]
    if not holed.size:
        return []
    n_nodes = int(n_missing.sum())
    shown = _examples("w", holed)
    return [
        Notice(
            "warning",
            "missing_way_nodes",
            layer,
            f"{holed.size} walkable ways lack {n_nodes} of their nodes ({shown}), mostly at the edge of "
            "the extract; they are broken there",
            f"{holed.size} 条步行道路缺 {n_nodes} 个节点（{shown}），多在数据边缘，已在缺口处断开",
            row=f"w{holed[0]}",
            count=int(holed.size),
        )
    ]


def note_long_tunnels(way_ids: Sequence[int], layer: str) -> list[Notice]:
    """Notice about road tunnels too long to be walked."""
    if not way_ids:
        return []
    shown = _examples("w", way_ids)
    return [
        Notice(
            "info",
            "long_road_tunnel",
            layer,
            f"{len(way_ids)} long road tunnels without a pavement are not walked through ({shown})",
            f"{len(way_ids)} 条较长且无人行道的道路隧道不作步行道路（{shown}）",
            row=f"w{way_ids[0]}",
            count=len(way_ids),
        )
    ]


def note_cut_areas(way_ids: IntArray, layer: str) -> list[Notice]:
    """Notice about areas whose outline lacks nodes."""
    if not way_ids.size:
        return []
    shown = _examples("w", way_ids)
    return [
        Notice(
            "warning",
            "area_cut",
            layer,
            f"{way_ids.size} areas lack some of their corners ({shown}); they are used as far as they go",
            f"{way_ids.size} 个面缺少部分角点（{shown}），按现有部分使用",
            row=f"w{way_ids[0]}",
            count=int(way_ids.size),
        )
    ]


def note_cut_relations(partly: Sequence[int], lost: Sequence[int], layer: str) -> list[Notice]:
    """Notice about multipolygons whose members are not all there."""
    if not partly and not lost:
        return []
    shown = _examples("r", [*partly, *lost])
    return [
        Notice(
            "warning",
            "relation_cut",
            layer,
            f"{len(partly) + len(lost)} area relations lack members, mostly at the edge of the extract "
            f"({shown}): {len(partly)} are used as far as they close, {len(lost)} do not close at all",
            f"{len(partly) + len(lost)} 个面关系缺成员，多在数据边缘（{shown}）：{len(partly)} 个按闭合部分使用，"
            f"{len(lost)} 个完全不闭合",
            row=f"r{[*partly, *lost][0]}",
            count=len(partly) + len(lost),
        )
    ]

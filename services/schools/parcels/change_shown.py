"""Changes of parcels on a terminal."""

import math

import geopandas as gpd
from rich.markup import escape
from rich.table import Table

from layers.schooling.model import Parameters
from services.schools.parcels.change_files import CHANGE_WORDS, count_changes
from services.sentences.figures import STATUS_WORDS
from services.terminal import plain, stdout_console

_COLORS = {
    "gone": "red",
    "rezoned": "red",
    "shrunk": "red",
    "moved": "yellow",
    "split": "yellow",
    "merged": "yellow",
    "grown": "green",
    "new": "green",
}


def print_changes(changes: gpd.GeoDataFrame, parameters: Parameters, *, most: int) -> None:
    """Print how many parcels changed how, the gravest changes, and the remark on the layout plan."""
    console = stdout_console()
    counts = count_changes(changes)
    console.print(
        "  ".join(f"{CHANGE_WORDS[code].zh} {code} {count}" for code, count in counts.items())
        or "没有地块 no parcels"
    )
    changed = changes[changes["change"] != "same"]
    if changed.empty:
        return
    console.print(f"减少教育用地 lost: {changes['lost_m2'].sum():,.0f} m²")
    table = Table("变化 change", "原 before", "现 after", "减少 lost m²", "说明 reason", box=None)
    for row in changed.head(most).to_dict("records"):
        lost = row["lost_m2"]
        table.add_row(
            f"{CHANGE_WORDS[row['change']].zh} {row['change']}",
            escape(plain(row["earlier_id"])),
            escape(plain(row["parcel_id"])),
            "" if math.isnan(lost) or lost == 0 else f"{lost:,.0f}",
            escape(plain(f"{row['reason']} {row['reason_en']}")),
            style=_COLORS.get(row["change"], ""),
        )
    console.print(table)
    if len(changed) > most:
        console.print(f"… {len(changed) - most:,} more; --out FILE writes all of them")
    remark = parameters.layout_plan
    title, status = remark.source.document.title, STATUS_WORDS[remark.source.status]
    console.print(f"{remark.text.zh}（{title.zh}{_add('，', status.zh)}）", markup=False)
    console.print(f"{remark.text.en} ({title.en}{_add(', ', status.en)})", markup=False)


def _add(comma: str, status: str) -> str:
    return f"{comma}{status}" if status else ""

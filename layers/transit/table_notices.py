"""Notices about the tables of GTFS feeds: missing ones, and cells and rows that cannot be used."""

from geo.units import IntArray
from layers.notices import Notice
from layers.sheets import list_rows
from layers.transit.feeds import FeedFiles
from layers.transit.table_spec import (
    AT_LEAST,
    AT_MOST,
    GIVEN,
    ColumnRule,
    TableRule,
    read_gtfs_rules,
)
from layers.transit.text_tables import TextTable


def note_check(check: str, column: ColumnRule, layer: str, rows: IntArray, found: object) -> Notice:
    """Explain the rows that fail one check of a column."""
    text = f"{found:g}" if isinstance(found, float) else str(found)
    if check == GIVEN:
        return Notice(
            "warning",
            "value_missing",
            layer,
            f"{len(rows)} rows say nothing usable in column {column.name!r} and were left out",
            f"{len(rows)} 行的“{column.name}”列没有可用的值，未予采用",
            row=list_rows([int(row) for row in rows]),
            column=column.name,
            expected=column.type,
            count=len(rows),
        )
    if check == AT_LEAST:
        expected, expected_zh = f"at least {column.minimum:g}", f"不小于 {column.minimum:g}"
    elif check == AT_MOST:
        expected, expected_zh = f"at most {column.maximum:g}", f"不大于 {column.maximum:g}"
    else:
        listed = ", ".join(f"{choice:g}" for choice in column.choices)
        expected, expected_zh = f"one of {listed}", f"下列之一：{listed}"
    return note_bad_cells("value_impossible", column, layer, rows, text, expected, expected_zh)


def note_bad_cells(
    code: str,
    column: ColumnRule,
    layer: str,
    rows: IntArray,
    found: str,
    expected: str,
    expected_zh: str,
) -> Notice:
    """Explain cells that cannot be read or cannot be true, by their first."""
    done = "their rows were left out" if column.needed else "they count as not given"
    done_zh = "这些行未予采用" if column.needed else "按未提供处理"
    return Notice(
        "warning",
        code,
        layer,
        f"{len(rows)} cells of column {column.name!r} such as {found!r} in row {int(rows[0])}; expected "
        f"{expected}; {done}",
        f"“{column.name}”列有 {len(rows)} 个单元格的值不可用，如第 {int(rows[0])} 行的“{found}”；"
        f"应为{expected_zh}；{done_zh}",
        row=list_rows([int(row) for row in rows]),
        column=column.name,
        found=found,
        expected=expected,
        count=len(rows),
    )


def note_repeated_keys(layer: str, key: str, rows: IntArray, first: str) -> Notice:
    """Explain rows whose key an earlier row has."""
    return Notice(
        "warning",
        "duplicate_key",
        layer,
        f"{len(rows)} rows repeat a {key} such as {first!r} in row {int(rows[0])}; the first row of each "
        "was taken",
        f"{len(rows)} 行的 {key} 重复，如第 {int(rows[0])} 行的“{first}”；各采用第一行",
        row=list_rows([int(row) for row in rows]),
        column=key,
        found=first,
        expected="unique",
        count=len(rows),
    )


def note_missing_tables(feed: FeedFiles) -> list[Notice]:
    """Name every table a feed cannot do without and does not have."""
    rules = read_gtfs_rules().tables.values()
    missing = [
        f"{rule.name}.txt" for rule in rules if rule.required and rule.name not in feed.tables
    ]
    groups: dict[str, list[str]] = {}
    for rule in rules:
        if rule.one_of:
            groups.setdefault(rule.one_of, []).append(rule.name)
    missing += [
        " or ".join(f"{name}.txt" for name in names)
        for names in groups.values()
        if not any(name in feed.tables for name in names)
    ]
    there = ", ".join(f"{name}.txt" for name in feed.tables) or "no table"
    return [
        Notice(
            "error",
            "missing_table",
            feed.name,
            f"{feed.name} holds no {name}; it holds {there}; expected a whole GTFS feed",
            f"{feed.name} 中没有 {name.replace(' or ', ' 或 ')}；应为完整的 GTFS 时刻表",
            found=there,
            expected=name,
        )
        for name in missing
    ]


def note_unread(feed: FeedFiles) -> list[Notice]:
    """Name tables that would change journeys and are not read."""
    unread = read_gtfs_rules().unread
    there = {*feed.tables, *(name.rsplit("/", 1)[-1].split(".")[0] for name in feed.others)}
    return [
        Notice(
            "info",
            "table_not_read",
            f"{feed.name}/{name}",
            f"{name} ({english}) are not read; journeys do not follow them",
            f"未读取 {name}（{chinese}）；行程不考虑其内容",
        )
        for name, (chinese, english) in unread.items()
        if name in there
    ]


def note_missing_columns(
    rule: TableRule, missing: list[str], text: TextTable, layer: str
) -> Notice:
    """Name the columns a table lacks, and those it has."""
    there = ", ".join(text.headers) or "nothing"
    done = "" if rule.required or rule.one_of else "; the table was not used"
    done_zh = "" if not done else "；未采用该表"
    return Notice(
        "error" if not done else "warning",
        "missing_column",
        layer,
        f"{layer} has no column {', '.join(missing)}; its columns are {there}{done}",
        f"{layer} 缺少列 {'、'.join(missing)}；现有列为 {there}{done_zh}",
        row="1",
        column=", ".join(missing),
        found=there,
        expected=", ".join(missing),
    )


def note_empty_table(layer: str) -> Notice:
    """Say that a required table holds nothing."""
    return Notice(
        "error",
        "empty_table",
        layer,
        f"{layer} holds no usable row; expected a whole GTFS feed",
        f"{layer} 中没有可用的行；应为完整的 GTFS 时刻表",
    )

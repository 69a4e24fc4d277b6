"""Facilities inside a boundary as sentences."""

from collections.abc import Sequence

from layers.standards.model import Text
from services.people import join
from services.sentences.settled import Subject, name_size
from services.sentences.words import Words, list_open
from services.verdicts import MET, UNKNOWN


def say_inside(
    subject: Subject,
    words: Words,
    status: str,
    certain: int,
    possible: int,
    present: int,
    columns: Sequence[str],
) -> Text:
    """Return how many qualifying facilities lie inside the boundary.

    `certain` surely qualify, `possible` may, `present` are of the kind; `columns` of the facilities
    table leave it open.
    """
    counter, where = words.rule.counter, subject.inside
    if status == MET:
        return Text(
            f"{where.zh}有{certain}{counter}{words.kind.zh}，达到要求。",
            f"{where.en} there are {certain}: the rule is met.",
        )
    if status == UNKNOWN:
        what, settle = list_open(columns)
        return Text(
            f"{where.zh}有{present}{counter}{words.plain.zh}，其中{possible - certain}{counter}"
            f"{what.zh}未知；补充{settle.zh}后即可判定。",
            f"{where.en} there are {present} (kind: {words.plain.en}); for "
            f"{possible - certain} of them it is unknown {what.en}; "
            f"{settle.en} would settle it.",
        )
    held = (
        Text(
            f"{where.zh}已知的{words.kind.zh}只有{possible}{counter}",
            f"{where.en} only {possible} (kind: {words.kind.en}) are known",
        )
        if possible
        else Text(
            f"{where.zh}没有已知的{words.kind.zh}",
            f"{where.en} no {words.kind.en} is known",
        )
    )
    return join(held, _say_others(words, present - possible), Text("。", "."))


def _say_others(words: Words, others: int) -> Text:
    """Return how many of the kind do not qualify."""
    if not others:
        return Text("", "")
    counter = words.rule.counter
    if words.rule.minimum:
        return Text(
            f"；另有{others}{counter}{words.plain.zh}不符合条件",
            f"; {others} more (kind: {words.plain.en}) do not qualify",
        )
    return Text(
        f"；已有的{others}{counter}{words.plain.zh}不是普惠性的",
        f"; {others} (kind: {words.plain.en}) are not inclusive",
    )


def say_cluster_unsure(subject: Subject, columns: Sequence[str]) -> Text:
    """Return that a neighbour of unknown size leaves open what is counted together."""
    named = [name_size(column) for column in columns]
    zh = "、".join(f"“{one.zh}”列（{column}）" for one, column in zip(named, columns, strict=True))
    en = " and ".join(f"`{column}` ({one.zh})" for one, column in zip(named, columns, strict=True))
    return Text(
        f"相邻社区的规模未知，无法确定哪些社区合并计算，{subject.inside.zh}已知的不够数；"
        f"在社区表的{zh}填写后即可判定。",
        "The size of a neighbouring community is unknown, so it is open which are counted together; "
        f"{subject.inside.en.lower()} too few are known. The communities table's column {en} would "
        "settle it.",
    )

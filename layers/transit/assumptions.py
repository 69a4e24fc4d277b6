"""What timetables leave to be assumed, in words: `assumptions.yaml`."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from layers.errors import InvalidConfig
from layers.tag_rules import read_rule_file

_FILE = "transit/assumptions.yaml"
Assumptions = Sequence[tuple[str, int]]


@cache
def read_assumption_texts() -> Mapping[str, tuple[str, str]]:
    """Sentences by code: Chinese, English; `{count}` stands for how often.

    Raises
    ------
    InvalidConfig
        A code lacks one of the two languages, or the place of the count.

    Examples
    --------
    >>> "headway_default" in read_assumption_texts()
    True
    """
    texts = {}
    for code, entry in read_rule_file(_FILE).items():
        if set(entry) != {"zh", "en"} or any("{count}" not in text for text in entry.values()):
            raise InvalidConfig(f"{_FILE}, {code}: expected zh and en, each with {{count}}")
        texts[str(code)] = (str(entry["zh"]), str(entry["en"]))
    return MappingProxyType(texts)


def describe_assumptions(assumptions: Assumptions) -> list[dict[str, str | int]]:
    """Assumptions with their sentences, in the order of `assumptions.yaml`.

    Parameters
    ----------
    assumptions
        Pairs of code and count, as `Schedule.assumptions`; equal codes are summed, counts of 0 left
        out.

    Returns
    -------
    described
        `code`, `count`, `zh`, `en` each.

    Raises
    ------
    KeyError
        A code that `assumptions.yaml` does not explain.

    Examples
    --------
    >>> [entry["count"] for entry in describe_assumptions([("hours_default", 3)])]
    [3]
    """
    texts = read_assumption_texts()
    order = {code: place for place, code in enumerate(texts)}
    counted: dict[str, int] = {}
    for code, count in assumptions:
        counted[code] = counted.get(code, 0) + count
    described: list[dict[str, str | int]] = []
    for code in sorted(counted, key=order.__getitem__):
        if counted[code]:
            zh, en = (text.format(count=counted[code]) for text in texts[code])
            described.append({"code": code, "count": counted[code], "zh": zh, "en": en})
    return described

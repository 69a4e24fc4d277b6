"""What the sentences on one rule call things."""

from collections.abc import Iterable
from dataclasses import dataclass

from layers.standards.model import Minimum, Rule, Text, Value
from services.candidates import FREE_PLACES, INCLUSIVE
from services.people import join
from services.sentences.figures import mark, mark_all, write_amount

FORCE = {
    "shall": Text("应", "shall have"),
    "should": Text("宜", "should have"),
    "strive": Text("力争", "should strive to have"),
    "target": Text("目标是", "aims to have"),
    "practice": Text("按做法", "by practice has"),
}
_PACE = {"adult": Text("", ""), "child": Text("（儿童步速）", " at a child's pace")}
_OLDER = Text("（老年人步速）", " at an older person's pace")
_SIZES = {
    "floor_area_m2": Text("建筑面积", "of floor"),
    "land_area_m2": Text("用地面积", "of land"),
    "classes": Text("", ""),
    "capacity": Text("", ""),
}
_COLUMNS = {
    INCLUSIVE: Text("是否普惠", "whether they are inclusive"),
    "floor_area_m2": Text("建筑面积", "how much floor they have"),
    "land_area_m2": Text("用地面积", "how much land they have"),
    "classes": Text("班级数", "how many classes they have"),
    "capacity": Text("规模（学位数）", "how many places they have"),
    FREE_PLACES: Text("有无空余学位", "whether there are free places"),
}
_SETTLE = {
    INCLUSIVE: Text(
        "设施表的“是否普惠”列（inclusive）", "the facilities table's column `inclusive` (是否普惠)"
    ),
    "floor_area_m2": Text(
        "设施表的“建筑面积”列（floor_area_m2）",
        "the facilities table's column `floor_area_m2` (建筑面积)",
    ),
    "land_area_m2": Text(
        "设施表的“用地面积”列（land_area_m2）",
        "the facilities table's column `land_area_m2` (用地面积)",
    ),
    "classes": Text(
        "设施表的“班级数”列（classes）", "the facilities table's column `classes` (班级数)"
    ),
    "capacity": Text(
        "设施表的“学位数”列（capacity）", "the facilities table's column `capacity` (学位数)"
    ),
    FREE_PLACES: Text(
        "设施表的“空余学位”列（free_places）",
        "the facilities table's column `free_places` (空余学位)",
    ),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the sentences on one rule call things.

    Parameters
    ----------
    kind, plain
        The facility with what qualifies it (普惠性幼儿园), and without.
    sized
        How well the sizes it needs are known, in brackets; empty where it needs none.
    reach
        The limit as measured; `reach_mark` how well it is known.
    limit, limit_m
        Its figure with its unit, and in metres of walking.
    count
        How many are needed.
    """

    rule: Rule
    kind: Text
    plain: Text
    sized: Text
    reach: Text
    reach_mark: Text
    limit: Text
    limit_m: float
    count: int

    @property
    def within(self) -> Text:
        """The limit as measured, with how well it is known: 步行15分钟（儿童步速，推导值）."""
        both = join(self.reach, self.reach_mark)
        return Text(both.zh.replace("）（", "，"), both.en)


def build_words(
    rule: Rule,
    limit: Value | None,
    *,
    name: Text,
    minimum: Iterable[Minimum],
    inclusive: bool,
    traveller: str,
    limit_m: float,
    on_foot: bool = False,
) -> Words:
    """Words for a rule about the kind called `name`, reached within `limit` (`limit_m` metres).

    `on_foot` says that only walks were measured, whatever else the rule lets count.
    """
    plain = Text(name.zh, name.en if name.en[1:2].isupper() else name.en[:1].lower() + name.en[1:])
    kind = Text(f"普惠性{plain.zh}", f"inclusive {plain.en}") if inclusive else plain
    sizes = tuple(minimum)
    needed = dict(rule.list_values()).get("count")
    figure, reach = _write_reach(rule, limit, traveller, on_foot=on_foot)
    return Words(
        rule=rule,
        kind=_add_sizes(kind, sizes),
        plain=plain,
        sized=mark_all(one.least for one in sizes) if sizes else Text("", ""),
        reach=reach,
        reach_mark=Text("", "") if limit is None else mark(limit),
        limit=figure,
        limit_m=limit_m,
        count=int(needed.value) if needed is not None and needed.unit == "facilities" else 1,
    )


def _write_reach(
    rule: Rule, limit: Value | None, traveller: str, *, on_foot: bool
) -> tuple[Text, Text]:
    """Return a limit as a figure, and as what may be walked or ridden."""
    if limit is None:
        return Text("", ""), Text("", "")
    figure = Text(f"{limit.value:g}分钟", f"{limit.value:g} minutes")
    pace = _PACE.get(traveller, _OLDER)
    if limit.unit == "m":
        figure = Text(f"{limit.value:,.0f}米", f"{limit.value:,.0f} m")
        return figure, Text(f"步行{figure.zh}", f"a walk of {figure.en}")
    if rule.mode == "walk" or on_foot:
        return figure, Text(f"步行{figure.zh}{pace.zh}", f"a {limit.value:g}-minute walk{pace.en}")
    return figure, Text(
        f"步行或乘公交{figure.zh}{pace.zh}",
        f"{figure.en} on foot or by public transport{pace.en}",
    )


def _add_sizes(kind: Text, sizes: Iterable[Minimum]) -> Text:
    """Return a kind with the sizes it needs: 建筑面积200平方米以上的托儿所."""
    parts = []
    for one in sizes:
        what, figure = _SIZES[one.size], write_amount(one.least.value, one.least.unit)
        tail = "（学位）" if one.size == "capacity" else ""
        parts.append(
            Text(
                f"{what.zh}{figure.zh}{tail}以上",
                f"{figure.en} {what.en}" if what.en else figure.en,
            )
        )
    if not parts:
        return kind
    return Text(
        f"{'、'.join(part.zh for part in parts)}的{kind.zh}",
        f"{kind.en} with at least {' and '.join(part.en for part in parts)}",
    )


def list_open(columns: Iterable[str]) -> tuple[Text, Text]:
    """Return what the blanks of facility columns leave open, and which columns would settle it."""
    names = list(columns)
    return (
        Text(
            "、".join(_COLUMNS[name].zh for name in names),
            " and ".join(_COLUMNS[name].en for name in names),
        ),
        Text(
            "、".join(_SETTLE[name].zh for name in names),
            " and ".join(_SETTLE[name].en for name in names),
        ),
    )


def name_some(words: Words, *, places: bool) -> Text:
    """Return what people need to reach, with free places where the rule asks for those."""
    if not places:
        return words.kind
    return Text(f"有空余学位的{words.kind.zh}", f"{words.kind.en} with free places")


def add_article(noun: str) -> str:
    """Return an English noun with its article."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def capitalise(text: str) -> str:
    """Return a text with its first letter as a sentence begins."""
    return text[:1].upper() + text[1:]

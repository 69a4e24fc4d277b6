"""Which levels a school teaches: what its tags state, else what its name says.

Names are read as people build them. In Chinese the last level word decides: 第一中学附属小学 is a
primary school, 中学路小学 too, and 高级中学初中部 a junior one. Elsewhere every word of the name counts.
The words are data (`kinds.yaml`, `school_levels`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from layers.errors import InvalidConfig
from layers.tag_rules import NAME_KEYS, Tags, has_chinese, split_values

LEVELS = ("kindergarten", "primary", "junior", "senior")
UNKNOWN = "unknown"
NOT_A_SCHOOL = "none"
SCHOOL_LEVELS = "school_levels"

Levels = frozenset[str]

_KEYS = {"school_values", "words", "other_words", "no_school"}
_NOT_A_STREET = "(?!大?[路街巷弄]|大道)"
_FORMERLY = re.compile(r"\((?:原|旧|舊|前身|近|靠近|对面|對面)[^()]*\)")
_JOINED = re.compile(r"(?:部|段|学段)?\s*(?:[、,/+&]|和|及|与|與|暨)\s*")
_ADDED = re.compile(r"\((?:内|另)?(?:含|附设|附設|附|设有|設有|包括)[^()]*$")
_RANGE = re.compile(r"(\d+)\s*[-–~]\s*(\d+)|(\d+)")
_GRADE = re.compile(r"(PK|KG|K)\s*(\d*)|(\d+)", re.IGNORECASE)
_LAST_NURSERY_GRADE = 3


@dataclass(frozen=True, slots=True)
class _Word:
    pattern: re.Pattern[str]
    shows: Levels
    plain: bool
    years: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    start: int
    end: int
    word: _Word


class SchoolLevels:
    """Levels by tags and names.

    Parameters
    ----------
    spec
        `school_values`: value of the tag `school` → levels; `words`: words of Chinese names, each with
        `match`, `shows` and, where another word may say more, `plain: true`, or `years: true` for a
        word that counts school years; `other_words`: the same for names in other scripts;
        `no_school`: pattern of names in other scripts that teach something else.

    Raises
    ------
    InvalidConfig
        An unknown entry, an unknown level, or a regular expression that does not compile.

    Examples
    --------
    >>> levels = SchoolLevels({"words": [{"match": "小学", "shows": ["primary"]}]})
    >>> levels.find({"name": "渭滨小学"}), levels.find({"name": "渭滨学校"})
    (('primary',), ('unknown',))
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        unknown = set(spec) - _KEYS
        if unknown:
            raise InvalidConfig(f"kinds.yaml, school_levels: unknown {sorted(unknown)}")
        self._by_value = {
            value: _levels(shows) for value, shows in spec.get("school_values", {}).items()
        }
        self._words = tuple(_build_word(word, _NOT_A_STREET) for word in spec.get("words", ()))
        self._other = tuple(_build_word(word, "") for word in spec.get("other_words", ()))
        self._no_school = _compile(spec["no_school"]) if "no_school" in spec else None

    def find(self, tags: Tags) -> tuple[str, ...]:
        """Levels of a school, in the order of `LEVELS`.

        A name that says a school teaches a trade beats its tags; stated levels and grades beat the
        tag `school`, and that beats what the name says.

        Returns
        -------
        levels
            `("unknown",)` when nothing tells, `("none",)` for a driving school and the like.
        """
        named = self._find_named(_split_names(tags))
        if named is not None and not named:
            return (NOT_A_SCHOOL,)
        found = (
            read_isced(tags.get("isced:level", ""))
            or read_grades(tags.get("grades", ""))
            or self._find_valued(tags.get("school", ""))
            or named
        )
        return (UNKNOWN,) if not found else tuple(level for level in LEVELS if level in found)

    def _find_valued(self, value: str) -> Levels:
        return frozenset().union(
            *(self._by_value.get(part, frozenset()) for part in split_values(value))
        )

    def _find_named(self, names: Sequence[str]) -> Levels | None:
        """Levels the names show; empty for no school of any level, None when they do not tell."""
        told = [seen for name in names if has_chinese(name) and (seen := self._read_chinese(name))]
        if told:
            levels, is_plain = told[0]
            if not is_plain:
                return levels
            return next((more for more, plain in told[1:] if more and not plain), levels)
        text = "\n".join(names)
        shown = [word.shows for word in self._other if word.pattern.search(text)]
        if shown:
            return frozenset().union(*shown)
        if self._no_school is not None and self._no_school.search(text):
            return frozenset()
        return None

    def _read_chinese(self, name: str) -> tuple[Levels, bool] | None:
        """Levels of the last level word, with whether another name may say more."""
        text = _FORMERLY.sub("", name)
        seen = [
            _Seen(found.start(), found.end(), word)
            for word in self._words
            for found in word.pattern.finditer(text)
        ]
        last = _last_before(seen, len(text))
        if last is None:
            return None
        levels = last.word.shows
        if last.word.plain and (years := [at.word.shows for at in seen if at.word.years]):
            return years[-1], False
        is_plain = last.word.plain
        while (before := _last_before(seen, last.start)) is not None:
            is_added = _ADDED.search(text[before.end : last.start])
            if not is_added and not _JOINED.fullmatch(text[before.end : last.start]):
                break
            levels |= before.word.shows
            last = before
        return levels, is_plain


def read_isced(text: str) -> Levels:
    """Levels of an `isced:level`; vocational programmes (25, 35) show none.

    >>> sorted(read_isced("1;2")), sorted(read_isced("0-1")), sorted(read_isced("0"))
    (['junior', 'primary'], ['primary'], ['kindergarten'])
    """
    stated: set[int] = set()
    for first, last, single in _RANGE.findall(text):
        if single:
            general = len(single) == 1 or single[1:] == "4"
            stated |= {int(single[0])} if general else set()
        else:
            stated |= set(range(int(first[0]), int(last[0]) + 1))
    found = {LEVELS[level] for level in stated if 1 <= level < len(LEVELS)}
    return frozenset(found or ({LEVELS[0]} if stated == {0} else ()))


def read_grades(text: str) -> Levels:
    """Levels of `grades`, by where they begin and what they reach.

    Primary begins at 3 or below; junior begins at 8 or below and reaches 7; senior reaches 10.

    >>> sorted(read_grades("1-9")), sorted(read_grades("9-12")), sorted(read_grades("K-5"))
    (['junior', 'primary'], ['senior'], ['primary'])
    """
    grades: list[int] = []
    for nursery, of_nursery, grade in _GRADE.findall(text):
        if not nursery:
            grades.append(int(grade))
            continue
        grades.append(0)
        if of_nursery and int(of_nursery) > _LAST_NURSERY_GRADE:  # K12: from nursery to grade 12
            grades.append(int(of_nursery))
    if not grades:
        return frozenset()
    begin, reach = min(grades), max(grades)
    if reach == 0:
        return frozenset({"kindergarten"})
    shown = {"primary": begin <= 3, "junior": begin <= 8 and reach >= 7, "senior": reach >= 10}
    return frozenset(level for level, is_shown in shown.items() if is_shown)


def _last_before(seen: Iterable[_Seen], limit: int) -> _Seen | None:
    """The word that ends last, no later than the limit; of several the longest."""
    return max(
        (at for at in seen if at.end <= limit), key=lambda at: (at.end, -at.start), default=None
    )


def _split_names(tags: Tags) -> list[str]:
    """Every name of its own, brackets and digits in their narrow form."""
    joined = (tags[key] for key in NAME_KEYS if key in tags)
    return [
        part
        for name in joined
        for part in split_values(unicodedata.normalize("NFKC", name))
        if part
    ]


def _levels(shows: Any) -> Levels:
    listed = frozenset(shows)
    if not listed <= set(LEVELS):
        raise InvalidConfig(f"kinds.yaml, school_levels: unknown level in {sorted(listed)}")
    return listed


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise InvalidConfig(
            f"kinds.yaml, school_levels: {pattern!r} is no pattern ({error})"
        ) from error


def _build_word(spec: Mapping[str, Any], not_followed: str) -> _Word:
    unknown = set(spec) - {"match", "shows", "plain", "years"}
    if unknown or not {"match", "shows"} <= set(spec):
        raise InvalidConfig(
            f"kinds.yaml, school_levels: expected match and shows; unknown: {sorted(unknown)}"
        )
    return _Word(
        _compile(f"(?:{spec['match']}){not_followed}"),
        _levels(spec["shows"]),
        plain=bool(spec.get("plain", False)),
        years=bool(spec.get("years", False)),
    )

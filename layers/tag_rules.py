"""Tag conditions written as data: the small language of `kinds.yaml`, `walk_tags.yaml`, `osm_tags.yaml`.

A condition maps keys to what their value must be; all of them must hold:

========================  ==============================================================
``amenity: school``       the value, or one of its parts (`a;b`), is `school`
``shop: [mall, kiosk]``   … is any of these
``craft: "*"``            the key is there at all, with a value other than `no`
``{match: 小学|完小}``      the value holds this regular expression, upper and lower case alike
``{match_chinese: 政务}``   the same, asked only where the value holds Chinese characters
``{not_match: 职业}``        the value does not hold this regular expression; an absent key passes
``{not: [private, no]}``  the key is absent or has none of these values
``{absent: true}``        the key is absent
``{at_least: 80}``        the value starts with a number that is not smaller
========================  ==============================================================

Several tests of one key may stand together: ``{match: 小学, not_match: 职业}``.
The key ``any_name`` stands for all names of an object together (`name`, `name:zh`, `official_name` …).
"""

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

import yaml

from layers.errors import InvalidConfig

Tags = Mapping[str, str]

Outcome = TypeVar("Outcome", bound=Hashable)
_ByValue = tuple[dict[str, list[tuple[Outcome, "Condition"]]], list[tuple[Outcome, "Condition"]]]
_NOTHING: frozenset[Any] = frozenset()

ANY_NAME = "any_name"
NAME_KEYS = (
    "name",
    "name:zh",
    "name:zh-Hans",
    "name:zh-Hant",
    "official_name",
    "alt_name",
    "short_name",
    "name:en",
)
_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_NUMBER = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)")
_TESTS = {"match", "not_match", "match_chinese", "not", "absent", "at_least"}


def read_rule_file(name: str) -> Any:
    """Read one of the rule files that travel with the package (YAML, UTF-8)."""
    return yaml.safe_load(files("layers").joinpath(name).read_text(encoding="utf-8"))


def split_values(value: str) -> tuple[str, ...]:
    """Parts of a tag value: several are separated by semicolons.

    >>> split_values("supermarket; bakery")
    ('supermarket', 'bakery')
    """
    if ";" not in value:
        return (value,)
    return tuple(part.strip() for part in value.split(";"))


def has_chinese(text: str) -> bool:
    """Whether the text holds a Chinese character.

    >>> has_chinese("宝鸡 Baoji"), has_chinese("Baoji")
    (True, False)
    """
    return _HAN.search(text) is not None


def parse_number(text: str) -> float:
    """First number of a tag value, NaN where it does not start with one.

    >>> parse_number("80 km/h"), parse_number("many")
    (80.0, nan)
    """
    found = _NUMBER.match(text)
    return float(found[1].replace(",", ".")) if found else float("nan")


def _all_names(tags: Tags) -> str:
    return "\n".join(tags[key] for key in NAME_KEYS if key in tags)


@dataclass(frozen=True, slots=True)
class Test:
    """What the value of one key must be.

    Parameters
    ----------
    key
        Tag key, or `any_name`.
    values
        Accepted values; empty when another test is asked.
    refused
        Values that fail; an absent key passes.
    present, absent
        The key must be there, or must not.
    pattern
        Regular expression the value must hold.
    unwanted
        Regular expression the value must not hold.
    chinese_only
        `pattern` is asked only of values with Chinese characters.
    at_least
        Smallest number accepted; NaN when not asked.
    """

    __test__ = False  # not a test case, whatever the test runner thinks of the name

    key: str
    values: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    present: bool = False
    absent: bool = False
    pattern: re.Pattern[str] | None = None
    unwanted: re.Pattern[str] | None = None
    chinese_only: bool = False
    at_least: float = float("nan")

    def holds(self, tags: Tags) -> bool:
        """Whether the tags pass."""
        value = _all_names(tags) if self.key == ANY_NAME else tags.get(self.key, "")
        if self.values:
            return value in self.values or (
                ";" in value and any(part in self.values for part in split_values(value))
            )
        if self.refused:
            return not any(part in self.refused for part in split_values(value))
        if self.absent:
            return not value
        if self.present:
            return value not in {"", "no"}
        if self.pattern is not None:
            if self.chinese_only and not has_chinese(value):
                return True
            return self.pattern.search(value) is not None
        if self.unwanted is not None:
            return self.unwanted.search(value) is None
        return parse_number(value) >= self.at_least


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests that must all hold.

    Parameters
    ----------
    tests
        In the order they are asked.
    """

    tests: tuple[Test, ...]

    def holds(self, tags: Tags) -> bool:
        """Whether the tags pass every test."""
        return all(test.holds(tags) for test in self.tests)

    def anchor(self) -> tuple[str, frozenset[str]] | None:
        """First key an object must carry to pass, with its accepted values (empty: any)."""
        for test in self.tests:
            if test.key != ANY_NAME and test.values:
                return test.key, test.values
        for test in self.tests:
            if test.key != ANY_NAME and test.present:
                return test.key, frozenset()
        return None


def build_condition(spec: Mapping[str, Any], *, where: str) -> Condition:
    """Parse one condition.

    Parameters
    ----------
    spec
        Keys and what their values must be, as in the module's table.
    where
        Place in the rule file, for messages.

    Raises
    ------
    InvalidConfig
        An empty condition, an unknown test, or a regular expression that does not compile.

    Examples
    --------
    >>> school = build_condition({"amenity": "school", "any_name": {"match": "小学"}}, where="x")
    >>> school.holds({"amenity": "school", "name": "渭滨小学"})
    True
    """
    if not spec:
        raise InvalidConfig(f"{where}: a condition without any tag would match everything")
    tests = [test for key, value in spec.items() for test in _build_tests(str(key), value, where)]
    return Condition(tuple(tests))


def _build_tests(key: str, value: Any, where: str) -> list[Test]:
    if value == "*":
        return [Test(key, present=True)]
    if isinstance(value, Mapping):
        if not value or not set(value) <= _TESTS:
            raise InvalidConfig(f"{where}: {key} asks {list(value)}, known are {sorted(_TESTS)}")
        return [_build_special(key, name, asked, where) for name, asked in value.items()]
    listed = _texts(value)
    if not listed:
        raise InvalidConfig(f"{where}: {key} lists no value")
    return [Test(key, values=frozenset(listed))]


def _build_special(key: str, name: str, asked: Any, where: str) -> Test:
    if name == "not":
        return Test(key, refused=frozenset(_texts(asked)))
    if name == "absent":
        return Test(key, absent=True)
    if name == "at_least":
        return Test(key, at_least=float(asked))
    try:
        pattern = re.compile(str(asked), re.IGNORECASE)
    except re.error as error:
        raise InvalidConfig(f"{where}: {key}: {asked!r} is no pattern ({error})") from error
    if name == "not_match":
        return Test(key, unwanted=pattern)
    return Test(key, pattern=pattern, chinese_only=name == "match_chinese")


def _texts(value: Any) -> list[str]:
    """YAML reads yes and no as booleans: turn them back into the words OSM uses."""
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    words = {True: "yes", False: "no"}
    return [words[item] if isinstance(item, bool) else str(item) for item in listed]


class RuleIndex(Generic[Outcome]):
    """Conditions looked up by the tag that can set them off, so that few are tried per object.

    Parameters
    ----------
    rules
        Pairs of an outcome and a condition.
    where
        Rule file, for messages.

    Raises
    ------
    InvalidConfig
        A condition that no tag can be looked up for.
    """

    def __init__(self, rules: Iterable[tuple[Outcome, Condition]], *, where: str) -> None:
        self._by_key: dict[str, _ByValue[Outcome]] = {}
        for outcome, condition in rules:
            anchor = condition.anchor()
            if anchor is None:
                raise InvalidConfig(f"{where}: a condition needs one tag with a value, or '*'")
            key, values = anchor
            of_key = self._by_key.setdefault(key, ({}, []))
            for value in values:
                of_key[0].setdefault(value, []).append((outcome, condition))
            if not values:
                of_key[1].append((outcome, condition))
        self.keys = frozenset(self._by_key)

    def find(self, tags: Tags) -> frozenset[Outcome]:
        """Outcomes whose condition holds."""
        found: set[Outcome] = set()
        for key, value in tags.items():
            of_key = self._by_key.get(key)
            if of_key is None:
                continue
            by_value, always = of_key
            for part in split_values(value):
                for outcome, condition in by_value.get(part, ()):
                    if outcome not in found and condition.holds(tags):
                        found.add(outcome)
            for outcome, condition in always:
                if outcome not in found and condition.holds(tags):
                    found.add(outcome)
        return frozenset(found) if found else _NOTHING


def _key_of(condition: Condition) -> str:
    """Rarest key an object must carry: the last that asks for values, else for presence."""
    needed = [test.key for test in condition.tests if test.values or test.present]
    if not needed:
        raise InvalidConfig("a line of a decision table needs one tag with a value, or '*'")
    return next((key for key in reversed(needed) if key != "highway"), needed[-1])


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of a decision table.

    Parameters
    ----------
    condition
        When the line applies.
    then
        What it decides.
    longer_m
        Applies only to ways longer than this, metres; 0 for all.
    """

    condition: Condition
    then: str
    longer_m: float = 0.0


class DecisionTable:
    """Decisions tried in order; the first whose condition holds decides.

    Parameters
    ----------
    decisions
        In order.
    default
        What holds when no line applies.
    """

    def __init__(self, decisions: Sequence[Decision], *, default: str) -> None:
        self.decisions = tuple(decisions)
        self.default = default
        self._lines = tuple((_key_of(line.condition), line) for line in self.decisions)

    def decide(self, tags: Tags) -> Decision | None:
        """First line that applies, None for the default."""
        for key, decision in self._lines:
            if key in tags and decision.condition.holds(tags):
                return decision
        return None

    def outcome(self, tags: Tags) -> str:
        """What is decided for these tags."""
        decision = self.decide(tags)
        return self.default if decision is None else decision.then


def build_table(
    specs: Sequence[Mapping[str, Any]], *, allowed: Sequence[str], default: str, where: str
) -> DecisionTable:
    """Parse a decision table: lines with `if`, `then`, `why` and, rarely, `longer_m`.

    Raises
    ------
    InvalidConfig
        A line with an unknown key, without a reason, or deciding something that is not allowed.
    """
    decisions = []
    for number, spec in enumerate(specs, start=1):
        place = f"{where}, line {number}"
        unknown = set(spec) - {"if", "then", "why", "longer_m"}
        if unknown or not {"if", "then", "why"} <= set(spec):
            raise InvalidConfig(f"{place}: expected if, then, why; unknown: {sorted(unknown)}")
        if spec["then"] not in allowed:
            raise InvalidConfig(f"{place}: decides {spec['then']!r}, expected one of {allowed}")
        condition = build_condition(spec["if"], where=place)
        decisions.append(Decision(condition, spec["then"], float(spec.get("longer_m", 0.0))))
    return DecisionTable(decisions, default=default)


@cache
def read_feature_rules() -> RuleIndex[str]:
    """Read `osm_tags.yaml`: the classes of objects whose conditions hold.

    Raises
    ------
    InvalidConfig
        The file holds a condition that cannot be read.

    Examples
    --------
    >>> sorted(read_feature_rules().find({"building": "apartments"}))
    ['home_building']
    """
    return RuleIndex(
        [
            (name, build_condition(spec, where=f"osm_tags.yaml, {name}"))
            for name, specs in read_rule_file("osm_tags.yaml")["features"].items()
            for spec in specs
        ],
        where="osm_tags.yaml",
    )

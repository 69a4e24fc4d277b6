"""The people of a community, or its homes or land, as words: how many, and parts of them."""

import math
from dataclasses import dataclass

from layers.standards.model import Basis, Text
from services.verdicts import SHARE_TOLERANCE

_DIFFERENCE = 0.01
"""Share of the official count from which on another sum of the starting points is said."""

_HECTARE_M2 = 10_000.0
_OF_LAND = " of residential land"
_NOUN = {
    "buildings": Text("住宅楼", "residential buildings"),
    "land": Text("居住用地", "residential land"),
}


@dataclass(frozen=True, slots=True)
class People:
    """Households of one community, or what else a share of it is taken over.

    `households` is the community's official count, which thresholds are compared with; `total` the
    sum over its starting points, which shares are of. `counted` says whether weights are
    households, `listed` that the starting points are the user's table, `streets` that they lie
    along streets for want of anything better, `cell` that the area is an analysis cell, and
    `named` that a sentence before has said of whom it speaks. With another `basis` the total is a
    number of residential buildings, or square metres of residential land.
    """

    households: float
    total: float
    counted: bool
    cell: bool
    listed: bool = False
    streets: bool = False
    named: bool = False
    basis: Basis = "households"

    @property
    def subject(self) -> Text:
        """What the area is called."""
        return Text("该分析单元", "This cell") if self.cell else Text("该社区", "This community")

    def is_all(self, weight: float) -> bool:
        """Whether a part of the people is all of them, sums of floats allowed for."""
        return weight >= self.total * (1.0 - SHARE_TOLERANCE)

    @property
    def noun(self) -> Text:
        """What a share is a share of."""
        if self.basis != "households":
            return _NOUN[self.basis]
        return Text("道路起点", "street points") if self.streets else Text("住户", "homes")

    @property
    def differs(self) -> bool:
        """Whether the starting points add up to another number than the official count."""
        if not self.counted or math.isnan(self.households):
            return False
        return abs(self.total - self.households) > _DIFFERENCE * self.households

    @property
    def note(self) -> Text:
        """Where the households are counted from, in brackets behind the official count."""
        count = write_count(self.total)
        if self.differs and self.listed:
            return Text(f"（小区表合计{count.zh}户）", f" ({count.en} by its compounds)")
        if self.differs:
            return Text(f"（出发点合计{count.zh}户）", f" ({count.en} by its starting points)")
        if self.counted and self.streets:
            return Text("（按道路起点分摊）", " (spread over street points)")
        return Text("", "")

    def say(self, weight: float) -> Text:
        """Return a part of the people as households and share."""
        part = write_share(weight / self.total if self.total > 0 else math.nan)
        if self.basis != "households":
            amount = write_basis(self.basis, weight)
            return Text(f"{amount.zh}（{part}）", f"{amount.en} ({part})")
        if not self.counted:
            return Text(f"约{part}的{self.noun.zh}", f"about {part} of {self.noun.en}")
        count = write_count(weight)
        return Text(f"{count.zh}户（{part}）", f"{count.en} households ({part})")


def open_some(people: People, weight: float) -> Text:
    """Open a sentence about a part of the people; no part is set beside a total below it."""
    if people.basis != "households":
        whole = write_basis(people.basis, people.total)
        return Text(
            f"{people.subject.zh}{whole.zh}{people.noun.zh}中，",
            f"Of {whole.en}{_OF_LAND if people.basis == 'land' else ''}, ",
        )
    if not people.counted:
        return Text("其中", "") if people.named else _open_uncounted(people)
    located = write_count(people.total)
    if people.differs or (people.named and round(weight) > round(people.households)):
        by = Text("小区表", "compounds") if people.listed else Text("出发点", "starting points")
        of = Text(f"按{by.zh}{located.zh}户计，", f"Of the {located.en} by its {by.en}, ")
        return of if people.named else join(_say_size(people, ". "), of)
    if people.named:
        return Text("其中", "")
    note = people.note
    return Text(
        f"{people.subject.zh}{located.zh}户{note.zh}中，", f"Of {located.en} households{note.en}, "
    )


def open_all(people: People) -> Text:
    """Open a sentence about all the people."""
    if people.named:
        return Text("", "")
    if people.basis != "households":
        whole = write_basis(people.basis, people.total)
        return Text(
            f"{people.subject.zh}{whole.zh}{people.noun.zh}，",
            f"{people.subject.en} has {whole.en}{_OF_LAND if people.basis == 'land' else ''}: ",
        )
    if not people.counted:
        return _open_uncounted(people)
    if people.differs:
        return _say_size(people, ": ")
    count, note = write_count(people.total), people.note
    return Text(
        f"{people.subject.zh}{count.zh}户{note.zh}，",
        f"{people.subject.en} has {count.en} households{note.en}: ",
    )


def _say_size(people: People, mark: str) -> Text:
    """Return the official count with the sum it differs from; `mark` ends the English."""
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户{people.note.zh}，",
        f"{people.subject.en} has {people.households:,.0f} households{people.note.en}{mark}",
    )


def _open_uncounted(people: People) -> Text:
    """Open a sentence on shares alone: how many households start where is unknown."""
    basis = (
        Text("道路起点", "street points")
        if people.streets
        else Text("出发点", "its starting points")
    )
    if math.isnan(people.households):
        return Text(f"{people.subject.zh}户数未知，按{basis.zh}估计，", "Households are unknown: ")
    return Text(
        f"{people.subject.zh}{people.households:,.0f}户，按{basis.zh}估计，",
        f"{people.subject.en} has {people.households:,.0f} households; by {basis.en}, ",
    )


def join(*parts: Text) -> Text:
    """Return texts one after the other."""
    return Text("".join(part.zh for part in parts), "".join(part.en for part in parts))


def write_count(number: float) -> Text:
    """Households as text: whole numbers, and never 0 for a part of one."""
    if 0 < number < 0.5:
        return Text("不足1", "fewer than 1")
    return Text(f"{number:,.0f}", f"{number:,.0f}")


def write_basis(basis: Basis, amount: float) -> Text:
    """Buildings as a number, land in hectares, below one in square metres."""
    if basis == "buildings":
        return Text(f"{amount:,.0f}栋", f"{amount:,.0f} residential buildings")
    if amount >= _HECTARE_M2:
        return Text(f"{amount / _HECTARE_M2:,.1f}公顷", f"{amount / _HECTARE_M2:,.1f} ha")
    return Text(f"{amount:,.0f}平方米", f"{amount:,.0f} m²")


def write_share(share: float) -> str:
    """Return a share as per cent; never 100% for less than all, never 0% for more than none.

    >>> write_share(1.0), write_share(0.9999), write_share(0.0001), write_share(0.7)
    ('100%', '99.9%', '0.1%', '70.0%')
    """
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return f"{min(max(share * 100.0, 0.1), 99.9):.1f}%"

"""What only shows when rules and cards stand side by side: shared codes, circles, loose ends."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from layers.standards.model import Card, CommunitiesShare, Rule, StandardPack
from layers.standards.yaml_tree import Entry, Place, name_choices

_PER_COMMUNITY = frozenset({"community", "cluster"})


@dataclass(frozen=True, slots=True)
class PackFile:
    """A pack and where its rules and cards stand, by their codes."""

    pack: StandardPack
    rules: Mapping[str, Entry]
    cards: Mapping[str, Entry]


def check_pack(file: PackFile) -> None:
    """Refuse a pack whose cards point nowhere, or at each other.

    Raises
    ------
    InvalidPack
        With file and line.
    """
    _check_codes([file])
    for card in file.pack.cards:
        _check_card_rules(file, card)
        _check_includes(file, card)
    for circle in _find_circles({card.code: card.includes for card in file.pack.cards}):
        raise _point_at(file.cards[circle[0]], "includes").fail(
            f"cards include each other: {_draw(circle)}; take one of these out"
        )
    for rule in file.pack.rules:
        _check_share_of(file, rule)


def check_together(files: Sequence[PackFile]) -> None:
    """Refuse packs that share a code, or whose rules stand in for each other in a circle.

    Raises
    ------
    InvalidPack
        With file and line.
    """
    _check_codes(files)
    rules = {rule.code: rule for file in files for rule in file.pack.rules}
    entries = {code: entry for file in files for code, entry in file.rules.items()}
    links: dict[str, tuple[str, ...]] = {}
    for code, rule in rules.items():
        if rule.substituted_by is not None:
            links[code] = rule.substituted_by.rules
            _check_substitution(rule, rules, entries[code])
    for circle in _find_circles(links):
        raise _point_at(entries[circle[0]], "substituted_by", "rules").fail(
            f"rules stand in for each other: {_draw(circle)}; take one of these out"
        )


def _check_codes(files: Sequence[PackFile]) -> None:
    """Refuse a code that two rules, answers or cards have."""
    owner: dict[str, tuple[str, Place, str]] = {}
    for file in files:
        for code, what, entry in _list_codes(file):
            place = entry.mapping(what)["code"].place
            if code in owner:
                first, there, pack = owner[code]
                packs = "" if pack == file.pack.code else f" (packs {pack} and {file.pack.code})"
                raise place.fail(
                    f"{what} has the code of {first} at {there}{packs}; give it another, or take it out"
                )
            owner[code] = what, place, file.pack.code


def _list_codes(file: PackFile) -> Iterator[tuple[str, str, Entry]]:
    """List every code, what it is, and its entry; answers of a rule beside the rule's own."""
    for rule in file.pack.rules:
        codes = dict.fromkeys([rule.code, *(code for code, _ in rule.list_answers())])
        for code in codes:
            yield code, f"rule {rule.code}", file.rules[rule.code]
    for card in file.pack.cards:
        yield card.code, f"card {card.code}", file.cards[card.code]


def _check_card_rules(file: PackFile, card: Card) -> None:
    units = {
        code: rule.applies.unit
        for rule in file.pack.rules
        for code in (rule.code, *(answer for answer, _ in rule.list_answers()))
    }
    for code in card.rules:
        place = _point_at(file.cards[card.code], "rules", item=code)
        if code not in units:
            raise place.fail(
                f"card {card.code}: no rule '{code}' in this pack; take one of "
                f"{name_choices(code, units)}"
            )
        if units[code] not in _PER_COMMUNITY:
            raise place.fail(
                f"card {card.code}: rule {code} is judged of a whole {units[code]}, a card of each "
                "community; take it out"
            )


def _check_includes(file: PackFile, card: Card) -> None:
    known = [other.code for other in file.pack.cards]
    for code in card.includes:
        if code not in known:
            raise _point_at(file.cards[card.code], "includes", item=code).fail(
                f"card {card.code} includes '{code}', which is no card of this pack; take one of "
                f"{name_choices(code, known)}"
            )


def _check_share_of(file: PackFile, rule: Rule) -> None:
    if isinstance(rule.test, CommunitiesShare) and rule.test.of not in file.cards:
        known = name_choices(rule.test.of, file.cards) or "none yet: add it under cards"
        raise _point_at(file.rules[rule.code], "of").fail(
            f"rule {rule.code}: no card '{rule.test.of}' in this pack; take one of {known}"
        )


def _check_substitution(rule: Rule, rules: Mapping[str, Rule], entry: Entry) -> None:
    for code in rule.substituted_by.rules if rule.substituted_by else ():
        place = _point_at(entry, "substituted_by", "rules", item=code)
        other = rules.get(code)
        if other is None:
            raise place.fail(
                f"rule {rule.code}: no rule '{code}' stands in for it among the packs read together; "
                f"add the pack that holds it, or take one of {name_choices(code, rules)}"
            )
        if _is_area(other) or _is_area(rule):
            raise place.fail(
                f"rule {rule.code}: rule {code} cannot stand in for it; both must be judged of a "
                "community"
            )


def _is_area(rule: Rule) -> bool:
    return rule.applies.unit not in _PER_COMMUNITY


def _find_circles(links: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Find a chain of codes that comes back to its first; each starts where it was met first."""
    done: set[str] = set()
    for start in links:
        path: dict[str, Iterator[str]] = {start: iter(links[start])} if start not in done else {}
        while path:
            last = next(reversed(path))
            following = next(path[last], None)
            if following is None:
                done.add(last)
                path.popitem()
            elif following in path:
                chain = list(path)
                yield [*chain[chain.index(following) :], following]
                return
            elif following not in done and following in links:
                path[following] = iter(links[following])


def _draw(circle: Sequence[str]) -> str:
    return " → ".join(circle)


def _point_at(entry: Entry, *keys: str, item: str = "") -> Place:
    """Return the place of a key below an entry, or of an item of the list there."""
    for key in keys:
        entry = entry.mapping("an entry")[key]
    if item:
        entry = entry.codes("a list")[item]
    return entry.place

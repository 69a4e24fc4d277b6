"""Shares of homes within reach as sentences: met, missed, undecided."""

from collections.abc import Iterable, Sequence

from layers.standards.model import Text, Value
from services.people import People, join, open_all, open_some, write_share
from services.sentences.figures import write_needed
from services.sentences.words import Words, add_article, capitalise, list_open, name_some


def say_share_met(
    ways: Sequence[Words], people: People, covered: float, needed: Value, *, places: bool = False
) -> Text:
    """Return that enough households live within the walk of one of the ways to be served."""
    ask = write_needed(needed)
    if people.is_all(covered):
        everyone = f"all {people.noun.en}" if people.streets else "all"
        head = join(open_all(people), Text(f"全部{people.noun.zh}", everyone))
    else:
        head = join(open_some(people, covered), people.say(covered))
    some = [_say_within(one, places=places) for one in _merge(ways)]
    return Text(
        f"{head.zh}在{'，或在'.join(one.zh for one in some)}，达到要求的{ask.zh}。",
        f"{capitalise(head.en)} have {', or '.join(one.en for one in some)}; {ask.en} is asked for.",
    )


def _merge(ways: Sequence[Words]) -> list[list[Words]]:
    """Ways with the same limit, told together."""
    merged: dict[str, list[Words]] = {}
    for words in ways:
        merged.setdefault(words.within.zh, []).append(words)
    return list(merged.values())


def _name_any(same: Sequence[Words], *, places: bool) -> Text:
    """Return what lies within one limit: 公园或广场."""
    *more, last = [join(name_some(words, places=places), words.sized) for words in same]
    if not more:
        return last
    return Text(
        f"{'、'.join(one.zh for one in more)}或{last.zh}",
        f"{', '.join(one.en for one in more)} or {last.en}",
    )


def _say_within(same: Sequence[Words], *, places: bool) -> Text:
    """Return what lies within reach: 步行15分钟内可到幼儿园."""
    words, some = same[0], _name_any(same, places=places)
    number = Text("", "a known")
    if words.count > 1:
        number = Text(f"至少{words.count}{words.rule.counter}", f"at least {words.count} known:")
    return Text(
        f"{words.within.zh}内可到{number.zh}{some.zh}",
        f"{number.en} {some.en} within {words.within.en}",
    )


def say_share_gap(
    ways: Sequence[Words], people: People, lacking: float, needed: Value, *, places: bool = False
) -> Text:
    """Return who is left out; the cause follows in `services.cause_sentences`."""
    share = 0.0 if people.is_all(lacking) else 1.0 - lacking / people.total
    ask = write_needed(needed)
    everyone = people.is_all(lacking)
    if everyone:
        noun = people.noun.zh if people.streets or people.basis != "households" else ""
        head = join(open_all(people), Text(f"全部{noun}在" if noun else "", ""))
    else:
        head = join(open_some(people, lacking), people.say(lacking), Text("在", ""))
    verb = ("no street point has" if people.streets else "none has") if everyone else " have"
    lead, *others = [
        _say_lacking(same, places=places, several=not everyone) for same in _merge(ways)
    ]
    also_zh = "".join(f"，{one.zh.replace('没有', '也没有', 1)}" for one in others)
    also_en = "".join(f", nor {one.en.removeprefix('a ').removeprefix('no ')}" for one in others)
    return Text(
        f"{head.zh}{lead.zh}{also_zh}；覆盖率{write_share(share)}，要求{ask.zh}。",
        f"{capitalise(head.en + verb)} {lead.en}{also_en}; coverage is {write_share(share)}, "
        f"{ask.en} is asked for.",
    )


def _say_lacking(same: Sequence[Words], *, places: bool, several: bool) -> Text:
    """Return what is not within reach, behind "none has" or (`several`) "have" in English."""
    words, what = same[0], _name_any(same, places=places)
    if words.count > 1:
        number = f"fewer than {words.count}" if several else f"{words.count}"
        return Text(
            f"{words.within.zh}内已知的{what.zh}不足{words.count}{words.rule.counter}",
            f"{number} (kind: {what.en}) within {words.within.en}",
        )
    return Text(
        f"{words.within.zh}内没有已知的{what.zh}",
        f"{'no' if several else 'a'} known {what.en} within {words.within.en}",
    )


def say_share_unknown(
    ways: Sequence[Words],
    people: People,
    certain: float,
    possible: float,
    needed: Value,
    *,
    columns: Iterable[str],
    places: bool,
) -> Text:
    """Return both bounds, and what would settle it.

    Parameters
    ----------
    columns
        Columns of the facilities table that leave it open.
    """
    words = ways[0]
    what, settle = list_open(columns)
    ask = write_needed(needed)
    some = name_some(words, places=places)
    also = Text("等", " or the like") if len(ways) > 1 else Text("", "")
    return Text(
        f"{words.reach.zh}内的{words.plain.zh}{what.zh}未知：确定可到{some.zh}{words.sized.zh}"
        f"{also.zh}的{people.noun.zh}占{write_share(certain)}，若未知的都算则占"
        f"{write_share(possible)}，要求{ask.zh}；补充{settle.zh}后即可判定。",
        f"For those (kind: {words.plain.en}) within {words.reach.en} it is unknown {what.en}: "
        f"{write_share(certain)} of {people.noun.en} certainly have {_some(words, some).en}{words.sized.en}{also.en}, "
        f"{write_share(possible)} if every unknown one counts, {ask.en} is asked for; {settle.en} "
        "would settle it.",
    )


def _some(words: Words, some: Text) -> Text:
    if words.count > 1:
        return Text(some.zh, f"at least {words.count}: {some.en}")
    return Text(some.zh, add_article(some.en))


def say_unknown_counted(words: Words, columns: Sequence[str]) -> Text:
    """Return that the verdict stands even if every facility in doubt qualifies."""
    what, _ = list_open(columns)
    if list(columns) == ["inclusive"]:
        return Text(
            f"（是否普惠未知的{words.plain.zh}已按普惠计入。）",
            f" (Each {words.plain.en} of unknown status was counted as inclusive.)",
        )
    if list(columns) == ["free_places"]:
        return Text(
            f"（空余学位未知的{words.plain.zh}已按有空余计入。）",
            f" (Each {words.plain.en} whose free places are unknown was counted as having some.)",
        )
    return Text(
        f"（{what.zh}未知的{words.plain.zh}已按符合条件计入。）",
        f" (Those (kind: {words.plain.en}) of which it is unknown {what.en} were counted.)",
    )


def say_absent(kinds: Sequence[Text]) -> Text:
    """Return of which kinds that would do as well the data hold none."""
    zh, en = "、".join(one.zh for one in kinds), ", ".join(one.en for one in kinds)
    return Text(
        f"（数据中没有任何{zh}，可能没有收录。）",
        f" (The data hold no {en} at all; they may be unmapped.)",
    )

"""How many groups of services lie within reach, as sentences."""

from collections.abc import Sequence
from dataclasses import dataclass

from layers.standards.model import Text, Value
from services.people import People, join, write_share
from services.sentences.figures import mark, write_share_of
from services.sentences.words import Words
from services.verdicts import MET, UNKNOWN


@dataclass(frozen=True, slots=True)
class GroupState:
    """One group of services in one community.

    `possible`: share of the homes that may reach it; `absent`: the data hold none of its kinds;
    `reached`, `lost`: enough homes surely reach it, or surely do not.
    """

    title: Text
    possible: float
    absent: bool
    reached: bool
    lost: bool


def say_groups(
    words: Words,
    people: People,
    states: Sequence[GroupState],
    status: str,
    count: Value,
    share: Value,
    settle: Text,
) -> Text:
    """Return how many groups are reached, and which are not.

    Parameters
    ----------
    settle
        What would settle an `unknown`.
    """
    reached = [one for one in states if one.reached]
    lost = [one for one in states if one.lost]
    absent = [one for one in states if one.absent]
    doubtful = [one for one in states if not (one.reached or one.lost or one.absent)]
    ask = Text(f"{count.value:.0f}类{mark(count).zh}", f"{count.value:.0f}{mark(count).en}")
    everyone = write_share_of(share, people.noun)
    head = Text(
        f"{len(states)}类服务中，{people.subject.zh}{everyone.zh}在{words.within.zh}内确定可到的有"
        f"{len(reached)}类",
        f"{everyone.en} certainly reach {len(reached)} of {len(states)} groups of services within "
        f"{words.within.en}",
    )
    parts = [_list_lost(lost), _list_doubtful(doubtful), _list_absent(absent)]
    tail = join(*(part for part in parts if part.zh))
    if status == MET:
        return Text(
            f"{head.zh}，达到要求的{ask.zh}。{tail.zh}",
            f"{head.en}; {ask.en} are asked for.{tail.en}",
        )
    most = len(reached) + len(doubtful) + len(absent)
    if status == UNKNOWN:
        return Text(
            f"{head.zh}，若未知的都算则有{most}类，要求{ask.zh}。{tail.zh}补充{settle.zh}后即可判定。",
            f"{head.en}, {most} if every unknown one counts; {ask.en} are asked for.{tail.en} "
            f"{settle.en[:1].upper()}{settle.en[1:]} would settle it.",
        )
    also = Text("", "")
    if most > len(reached):
        also = Text(f"，未知的都算也只有{most}类", f", only {most} if every unknown one counts")
    return Text(
        f"{head.zh}{also.zh}，要求{ask.zh}。{tail.zh}",
        f"{head.en}{also.en}; {ask.en} are asked for.{tail.en}",
    )


def _list_lost(lost: Sequence[GroupState]) -> Text:
    if not lost:
        return Text("", "")
    ordered = sorted(lost, key=lambda one: one.possible)
    zh = "、".join(f"{one.title.zh}（覆盖率{write_share(one.possible)}）" for one in ordered)
    en = "; ".join(f"{one.title.en} ({write_share(one.possible)})" for one in ordered)
    return Text(f"未达到的：{zh}。", f" Not reached: {en}.")


def _list_doubtful(doubtful: Sequence[GroupState]) -> Text:
    if not doubtful:
        return Text("", "")
    zh = "、".join(one.title.zh for one in doubtful)
    en = "; ".join(one.title.en for one in doubtful)
    return Text(f"无法确定的：{zh}。", f" Undecided: {en}.")


def _list_absent(absent: Sequence[GroupState]) -> Text:
    if not absent:
        return Text("", "")
    zh = "、".join(one.title.zh for one in absent)
    en = "; ".join(one.title.en for one in absent)
    return Text(
        f"数据中完全没有收录的：{zh}（无法区分是确实没有还是没有收录）。",
        f" Not in the data at all, so absent or unmapped: {en}.",
    )

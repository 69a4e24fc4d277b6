"""The order in which parcels need somebody's attention: a list of questions, not a score.

The first step of `STEPS` whose question is answered yes places a parcel. Within a step the parcel
whose want is felt first comes first, then the one more children depend on, then the one that
opens first, then by id. Every parcel gets a place of its own, and the same data always give the
same order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from layers.standards.model import Text
from services.schools.parcels.model import FREE, LOST, Finding, Plot, Service


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the order.

    Parameters
    ----------
    code
        Stable name.
    title
        Its question, answered.
    """

    code: str
    title: Text


STEPS: tuple[Step, ...] = (
    Step(
        "lost_and_missed",
        Text(
            "已被占用或调整用途，且有儿童因此没有学位（先缺的在前）",
            "Occupied or re-zoned, and children go without a place for want of it (the soonest first)",
        ),
    ),
    Step(
        "covered",
        Text(
            "仍留着，但地上已有房屋、道路或水面",
            "Still kept, but buildings, roads or water stand on it",
        ),
    ),
    Step(
        "late",
        Text("住宅先交付，学校后开办", "The housing is delivered before the school opens"),
    ),
    Step(
        "lost",
        Text(
            "已被占用或调整用途，是否有人因此没有学位尚不清楚或暂无",
            "Occupied or re-zoned; nobody is known to go without a place for it yet",
        ),
    ),
    Step(
        "unfit",
        Text(
            "面积、形状、临路、避让、边界等有不满足的",
            "Its area, shape, frontage, distance to hazards or boundary fall short",
        ),
    ),
    Step(
        "undecided",
        Text("有数据不足、无法判断的", "Something about it cannot be told for want of data"),
    ),
    Step("sound", Text("没有发现问题", "Nothing was found against it")),
)
"""Steps, the most urgent first."""

_NO_YEAR = float("inf")


def find_step(plot: Plot, findings: Sequence[Finding], service: Service | None) -> str:
    """Return the code of the step that places a parcel."""
    gaps = {one.finding for one in findings if one.status == "gap"}
    if plot.status in LOST:
        missed = service is not None and service.without > 0
        return "lost_and_missed" if missed else "lost"
    if "encroachment" in gaps and (plot.status in FREE or not plot.status):
        return "covered"
    if "timing" in gaps:
        return "late"
    if gaps:
        return "unfit"
    if any(one.status == "unknown" for one in findings):
        return "undecided"
    return "sound"


def rank_parcels(
    plots: Sequence[Plot], steps: Sequence[str], services: Mapping[str, Service]
) -> list[int]:
    """Return the place of each parcel in the order of urgency, 1 the most urgent.

    Parameters
    ----------
    steps
        Step of each parcel, as `find_step`.
    """
    order = {step.code: at for at, step in enumerate(STEPS)}

    def key(at: int) -> tuple[int, float, float, float, str]:
        plot = plots[at]
        service = services.get(plot.parcel_id, Service())
        dependent = service.without if service.without > 0 else service.served
        return (
            order[steps[at]],
            _or(service.felt_year, _NO_YEAR),
            -_or(dependent, 0.0),
            _or(plot.opening_year, _NO_YEAR),
            plot.parcel_id,
        )

    places = [0] * len(plots)
    for place, at in enumerate(sorted(range(len(plots)), key=key), start=1):
        places[at] = place
    return places


def _or(number: float, otherwise: float) -> float:
    return otherwise if number != number else number  # noqa: PLR0124 - NaN alone differs from itself

"""At which walks and journeys every kind of facility is measured: the settings', and the rules'."""

from collections.abc import Iterable, Iterator

from layers.config_model import RunSettings
from layers.standards.model import Rule, StandardPack, Value

Limits = dict[str, list[tuple[float, str]]]
"""Limits as (value, `min` or `m`) by code of a kind."""


def list_limits(
    kinds: Iterable[str], settings: RunSettings, packs: Iterable[StandardPack]
) -> Limits:
    """Limits of every kind: minutes of the settings, then what rules ask of that kind.

    A rule asks for its own kind, for those of its groups, and for those that would do instead.
    """
    steps = [(float(limit), "min") for limit in settings.limits_min]
    main = (float(settings.main_limit_min), "min")
    limits = {kind: list(dict.fromkeys([*steps, main])) for kind in kinds}
    for pack in packs:
        for rule in pack.rules:
            for kind, limit in list_asked(rule):
                step = (float(limit.value), str(limit.unit))
                if kind in limits and step not in limits[kind]:
                    limits[kind].append(step)
    return limits


def list_asked(rule: Rule) -> Iterator[tuple[str, Value]]:
    """Kinds a rule asks for within a limit, each with that limit."""
    limit: Value | None = getattr(rule.test, "limit", None)
    if limit is not None:
        grouped = [kind for group in getattr(rule.test, "groups", ()) for kind in group.kinds]
        for kind in (rule.kind, *grouped):
            if kind:
                yield kind, limit
    for other in getattr(rule.test, "alternatives", ()):
        yield other.kind, other.limit

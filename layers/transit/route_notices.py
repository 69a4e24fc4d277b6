"""Notices about route relations: which give no trips, what their tags say that nobody can read."""

from collections.abc import Iterable, Sequence
from datetime import date

from layers.notices import Notice
from layers.transit.members import Route
from layers.transit.patterns import Pattern
from layers.transit.places import Places

_EXAMPLES = 3


class RouteNotices:
    """Gathers what is to be said while routes are read.

    Parameters
    ----------
    layer
        File name.
    """

    def __init__(self, layer: str) -> None:
        self.layer = layer
        self.not_local: list[int] = []
        self.other_mode: list[int] = []
        self.without_stops: list[int] = []
        self.single_stop: list[int] = []
        self.not_running: list[int] = []
        self._unread: dict[tuple[str, str], list[int]] = {}
        self._far: list[tuple[int, int]] = []
        self._off_route: list[tuple[int, int]] = []
        self._used = 0
        self._assumed_day: date | None = None

    def left_out(self, not_local: Iterable[int], other_mode: Iterable[int]) -> None:
        """Remember routes nobody asked to run."""
        self.not_local += not_local
        self.other_mode += other_mode

    def pattern(self, route: Route, pattern: Pattern) -> None:
        """Remember what building a pattern found wrong."""
        number = route.relation_id
        self._far += [(number, row) for row in pattern.far]
        self._off_route += [(number, row) for row in pattern.off_route]
        if pattern.pieces:
            self._used += 1
        elif any(not call.missing for call in route.calls):
            self.single_stop.append(number)
        else:
            self.without_stops.append(number)

    def unread(self, route: Route, tags: Iterable[tuple[str, str]]) -> None:
        """Remember tags that could not be read."""
        for tag in tags:
            self._unread.setdefault(tag, []).append(route.relation_id)

    def day_unknown(self, assumed: date) -> None:
        """Remember that the file does not say its date, so that the service day is arbitrary."""
        self._assumed_day = assumed

    def gather(self, *, n_routes: int, places: Places) -> list[Notice]:
        """List all notices in a stable order."""
        notices = [
            *self._about(
                self.without_stops,
                "info",
                "route_without_stops",
                "{n} routes ({shown}) have no stop in the file; left out",
                "{n} 条线路（{shown}）在数据中没有站点，未采用",
            ),
            *self._about(
                self.single_stop,
                "info",
                "route_with_one_stop",
                "{n} routes ({shown}) have no two stops in the file between which one could ride; left out",
                "{n} 条线路（{shown}）在数据中没有可乘坐的两站，未采用",
            ),
            *self._about(
                self.not_running,
                "info",
                "route_not_running",
                "{n} routes ({shown}) do not run on the service day by their opening_hours; left out",
                "{n} 条线路（{shown}）按 opening_hours 在运营日不运营，未采用",
            ),
            *self._about(
                self.not_local,
                "info",
                "route_not_local",
                "{n} routes ({shown}) are long-distance or sightseeing services; left out",
                "{n} 条线路（{shown}）为长途或观光线路，未采用",
            ),
            *self._about(
                self.other_mode,
                "info",
                "route_of_other_mode",
                "{n} routes ({shown}) are of means of transport that are not counted (cable cars …); left out",
                "{n} 条线路（{shown}）的交通方式不计入（缆车等），未采用",
            ),
            *self._about_places(
                self._far,
                places,
                "stop_far_away",
                "{n} stops of routes ({shown}) lie impossibly far from the stop before; nobody rides there",
                "{n} 个线路站点（{shown}）距前一站过远，不计入乘坐",
            ),
            *self._about_places(
                self._off_route,
                places,
                "stop_off_route",
                "{n} stops of routes ({shown}) lie on no way of their route; left out of it",
                "{n} 个线路站点（{shown}）不在所属线路沿线，未计入该线路",
            ),
        ]
        notices += [
            self._about_tag(key, text, numbers) for (key, text), numbers in self._unread.items()
        ]
        if self._assumed_day is not None:
            notices.append(self._about_day(self._assumed_day))
        if not self._used:
            notices.append(
                Notice(
                    "info",
                    "no_osm_trips",
                    self.layer,
                    f"no trips can be made from the {n_routes} public transport routes of the file; give a "
                    "GTFS feed, or measure on foot only",
                    f"文件中的 {n_routes} 条公交线路无法生成班次，请提供 GTFS，或仅按步行计算",
                    count=n_routes,
                )
            )
        return notices

    def _about(
        self, numbers: Sequence[int], severity: str, code: str, message: str, message_zh: str
    ) -> list[Notice]:
        if not numbers:
            return []
        shown = _show([f"r{number}" for number in numbers])
        return [
            Notice(
                "warning" if severity == "warning" else "info",
                code,
                self.layer,
                message.format(n=len(numbers), shown=shown),
                message_zh.format(n=len(numbers), shown=shown),
                row=f"r{numbers[0]}",
                count=len(numbers),
            )
        ]

    def _about_places(
        self,
        found: Sequence[tuple[int, int]],
        places: Places,
        code: str,
        message: str,
        message_zh: str,
    ) -> list[Notice]:
        if not found:
            return []
        shown = _show([f"r{number} {places.ids[row]}" for number, row in found])
        return [
            Notice(
                "warning",
                code,
                self.layer,
                message.format(n=len(found), shown=shown),
                message_zh.format(n=len(found), shown=shown),
                row=f"r{found[0][0]}",
                count=len(found),
            )
        ]

    def _about_day(self, assumed: date) -> Notice:
        shown = assumed.isoformat()
        return Notice(
            "info",
            "osm_date_unknown",
            self.layer,
            f"the file does not say of which date its data are: {shown}, a Wednesday, is taken as the service day of "
            f"the mapped routes; to have another, name it: day = {shown} under [transit]",
            f"文件未注明数据日期，线路的运营日取 {shown}（星期三）；如需指定，请在 [transit] 中写明 day = {shown}",
            found="",
            expected="a date of the data in the file's header",
        )

    def _about_tag(self, key: str, text: str, numbers: Sequence[int]) -> Notice:
        hours = key == "opening_hours"
        expected = "Mo-Fr 06:00-22:00" if hours else "10, 00:10"
        what, what_zh = ("hours", "运营时间") if hours else ("headway", "发车间隔")
        shown = _show([f"r{number}" for number in numbers])
        return Notice(
            "warning",
            "hours_unreadable" if hours else "headway_unreadable",
            self.layer,
            f"{key}={text} of {len(numbers)} routes ({shown}) cannot be read or makes no sense; expected "
            f"such as {expected}; the {what} of the mode are assumed unless another tag says more",
            f"{len(numbers)} 条线路（{shown}）的 {key}={text} 无法识别或不合理，应如 {expected}；"
            f"没有其他标注时，取该类车辆的默认{what_zh}",
            row=f"r{numbers[0]}",
            column=key,
            found=text,
            expected=expected,
            count=len(numbers),
        )


def _show(names: Sequence[str]) -> str:
    return ", ".join(names[:_EXAMPLES]) + (" …" if len(names) > _EXAMPLES else "")

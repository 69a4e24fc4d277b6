"""Sentences on shares of homes within reach, put together from verdict, bounds and causes."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from geo.units import FloatArray
from layers.standards.model import Basis, Text, Value
from services import journey_sentences
from services.cause_sentences import say_cause
from services.causes import CommunityCauses
from services.cityfacts import CityFacts
from services.home_causes import NO_FACILITY, UNCONNECTED
from services.judges.judgement import Say
from services.judges.ways import Way
from services.judges.why import list_journeys, say_basis
from services.people import People, join, write_share
from services.rides import WALK_TRANSIT
from services.sentences import shares as sentences
from services.sentences.words import list_open
from services.verdicts import GAP, MET, Bounds, StatusArray


@dataclass(frozen=True, slots=True, eq=False)
class Telling:
    """A share within reach, judged, of `C` communities.

    Parameters
    ----------
    ways
        How one may be served, the rule's own first; `main` is the one causes are told of.
    status, found, covered
        Shape `(C,)` each: verdicts, bounds of the share, and the weight surely served.
    causes
        Why homes are left out by `main`; None where there is no gap.
    columns
        Columns of the facilities table that leave it open.
    lead
        A sentence that stands before, and names of whom it speaks.
    """

    city: CityFacts
    ways: Sequence[Way]
    main: Way
    share: Value
    basis: Basis
    status: StatusArray
    found: Bounds
    covered: FloatArray
    causes: CommunityCauses | None
    columns: Sequence[str]
    lead: Say | None = None

    def say(self, row: int) -> Text:
        """Return the sentence of one community."""
        people = replace(self.city.people(row, self.basis), named=self.lead is not None)
        parts = [self.lead(row)] if self.lead else []
        words = [way.words for way in self.ways]
        first = self.ways[0]
        if self.status[row] == MET:
            covered = float(self.covered[row])
            parts.append(
                sentences.say_share_met(words, people, covered, self.share, places=first.places)
            )
        elif self.status[row] == GAP and self.causes is not None:
            parts += self._say_gap(row, people, self.causes)
        else:
            parts.append(self._say_unknown(row, people))
        parts.append(say_basis(self.city, first.bound, self.status[row]))
        return join(*parts)

    def key(self, row: int) -> Hashable | None:
        """What the sentence rests on, where many may say the same (see `key_causes`)."""
        if self.lead or self.causes is None or self.status[row] != GAP:
            return None
        people = self.city.people(row, self.basis)
        told = key_causes(self.main, people, self.causes, row)
        if told is None:
            return None
        unsure = self.found.high[row] > self.found.low[row]
        return (told, str(people.households), people.listed, bool(unsure))

    def _say_gap(self, row: int, people: People, causes: CommunityCauses) -> list[Text]:
        first = self.ways[0]
        lacking = float(causes.weight[row].sum())
        parts = [
            sentences.say_share_gap(
                [way.words for way in self.ways], people, lacking, self.share, places=first.places
            ),
            say_way_cause(self.city, self.main, people, causes, row),
        ]
        if self.found.high[row] > self.found.low[row]:
            parts.append(sentences.say_unknown_counted(first.words, self.columns))
        absent = [way.words.plain for way in self.ways if way.absent]
        if absent:
            parts.append(sentences.say_absent(absent))
        return parts

    def _say_unknown(self, row: int, people: People) -> Text:
        first = self.ways[0]
        if self.city.ground.lacks_timetable(first.bound):
            return journey_sentences.say_timetable_missing(
                first.words,
                people,
                float(self.found.low[row]),
                self.share,
                columns=self.columns,
                places=first.places,
            )
        return sentences.say_share_unknown(
            [way.words for way in self.ways],
            people,
            float(self.found.low[row]),
            float(self.found.high[row]),
            self.share,
            columns=self.columns,
            places=first.places,
        )


def key_causes(way: Way, people: People, causes: CommunityCauses, row: int) -> Hashable | None:
    """What a sentence on causes rests on where no households are counted, None where they are.

    Thousands of cells then say the same words.
    """
    if people.counted or people.basis != "households" or row in causes.obstacle:
        return None
    parts = causes.weight[row] / people.total
    everyone = people.is_all(float(causes.weight[row].sum()))
    shares = (write_share(float(parts.sum())), *(write_share(float(part)) for part in parts))
    told = (people.cell, people.streets, everyone, shares, int(causes.cause[row]))
    if causes.cause[row] in {NO_FACILITY, UNCONNECTED} and way.bound.mode != WALK_TRANSIT:
        return told
    far = (causes.nearest_m[row], causes.journey_s[row], causes.stopless[row])
    return (*told, int(causes.facility[row]), *(str(one) for one in far))


def say_way_cause(
    city: CityFacts, way: Way, people: People, causes: CommunityCauses, row: int
) -> Text:
    """Return why most of those left out by a way are left out."""
    obstacle = causes.obstacle.get(row)
    named = obstacle.facility if obstacle else int(causes.facility[row])
    doubt = Text("", "")
    if way.candidates.doubtful and named >= 0 and not (way.candidates.certain == named).any():
        doubt, _ = list_open(way.candidates.open)
    return say_cause(
        way.words,
        people,
        causes.weight[row],
        int(causes.cause[row]),
        obstacle,
        city.pool.name_facility(named),
        float(causes.nearest_m[row]),
        journeys=list_journeys(city, way.bound, causes, row),
        doubt=doubt,
    )

"""Parcels that could end a shortage, as tables list them, with what stands against each."""

import math
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from layers.schooling.model import LevelCode, Parameters
from layers.standards.model import Text
from services.schools.land import find_why
from services.schools.parcels.finding_words import say_marks


def mark_listed(
    shortage: Mapping[str, Any], parcels: pd.DataFrame, parameters: Parameters
) -> list[tuple[str, Text]]:
    """Candidates of a shortage in the order they are listed, each with what stands against it.

    Parameters
    ----------
    shortage
        A row of `layers.results.SHORTAGES`.
    parcels
        Columns of `layers.results.PARCELS`, by `parcel_id`.
    """
    needed, level = float(shortage["needed_area_m2"]), cast("LevelCode", str(shortage["level"]))
    marked = []
    for one in str(shortage["candidates"]).split(","):
        if one not in parcels.index:
            continue
        parcel = parcels.iloc[int(np.flatnonzero(parcels.index == one)[0])]
        area = float(parcel["area_m2"])
        enough = None if math.isnan(area) or math.isnan(needed) else area >= needed
        why = find_why(parameters, level, parcel, float(shortage["begins"]))
        marked.append((one, say_marks(why or "unsure", enough=enough)))
    return marked


def index_parcels(parcels: pd.DataFrame) -> pd.DataFrame:
    """Return parcels by their id, of several with one id the first."""
    return pd.DataFrame(parcels).drop_duplicates("parcel_id").set_index("parcel_id")

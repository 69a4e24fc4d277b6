"""What tables of facilities state of schools, beside what placing children makes of them."""

import numpy as np
import pandas as pd

from geo.units import FloatArray


def find_stated_free(schools: pd.DataFrame, facilities: pd.DataFrame) -> FloatArray:
    """Free places a table of facilities states of each school and level, NaN where it states none.

    Parameters
    ----------
    schools
        Columns `school_id`, `level` of `layers.results.SCHOOLS`, shape `(S,)`.
    facilities
        Columns `facility_id`, `kind`, `free_places` of `layers.results.FACILITIES`.

    Returns
    -------
    stated
        Shape `(S,)`.
    """
    stated = facilities.drop_duplicates(["facility_id", "kind"]).set_index(["facility_id", "kind"])
    asked = pd.MultiIndex.from_arrays([schools["school_id"], schools["level"]])
    found = stated["free_places"].reindex(asked)
    return np.asarray(found.to_numpy(dtype=np.float64), dtype=np.float64)

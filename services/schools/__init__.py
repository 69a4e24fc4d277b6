"""School places against children, year by year, on the walking network.

Children are forecast per community (`forecast`), homes and housing to come are tied to streets and
schools to their places (`model`), every level is placed year by year (`placing`), and the outcome told
per community, school, district and city (`years`), as shortages (`shortages`, `missing`), catchments
(`catchments`), and what giving up a parcel would cost (`release`). `parcels` examines reserved land,
`report` and `paper` write it all down.
"""

"""Public transport of a city: schedules read from GTFS or built from OSM, and one timetable of them."""

"""Children, school places and land for schools: what a city brings, and the figures they are judged by."""

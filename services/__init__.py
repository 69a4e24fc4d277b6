"""Questions planners ask, answered from a city's layers."""

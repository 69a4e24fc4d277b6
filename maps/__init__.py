"""Folium maps of the tables they are handed, and nothing else."""

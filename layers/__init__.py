"""What we know about a city: files read into checked tables and networks, and the rules as data."""

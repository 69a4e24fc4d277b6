"""Verdicts as sentences for a planner, in Chinese and English, with the figures they rest on.

Plain text: names from maps and tables are put in as they are, and escaped by whoever draws them.
Every figure of a rule that was not seen in the text itself says so, and one a city has put in place
of the standard's shows both.
"""

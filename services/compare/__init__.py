"""Two runs of one city side by side: what got better or worse, and whether city, data or rules changed."""

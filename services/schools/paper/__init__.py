"""School places and reserved land printed on paper: the city, and one parcel."""

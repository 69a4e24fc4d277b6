"""Land reserved for schools, examined parcel by parcel."""

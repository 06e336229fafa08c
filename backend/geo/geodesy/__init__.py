"""On the ellipsoid: reference systems, geodesics, areas, the edges of the longitude-latitude plane."""

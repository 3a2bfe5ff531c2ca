"""Where things are: grids, contours, rigid transforms, and the area of a contour in a voxel."""

"""Pure NumPy: axes, transforms, chunk grids, multiscales, OME metadata, resampling. No I/O, no Django."""

"""Object storage through fsspec, s3fs and zarr: roots, keys, objects, arrays. No Django, no environment."""

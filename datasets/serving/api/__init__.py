"""The parts of ``/api/v1/`` that send data: cutouts, slices, manifests."""

"""What the site says to machines: lists for search engines and feed readers, and what its pages mean.

Only what everyone may see is said, whoever asks.
"""

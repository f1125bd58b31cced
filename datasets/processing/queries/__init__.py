"""The reads of processing."""

"""The pages of jobs, as data, and their doors."""

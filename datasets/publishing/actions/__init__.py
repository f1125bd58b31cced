"""The writes of publishing: keyword arguments, ``by=`` whoever does it, one transaction, named errors."""

from datasets.publishing.actions.publish import DataNotPublishable, DatasetExists, Published, publish

__all__ = ["DataNotPublishable", "DatasetExists", "Published", "publish"]

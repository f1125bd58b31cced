"""The writes of publishing: keyword arguments, ``by=`` whoever does it, one transaction, named errors."""

from datasets.publishing.actions.publish import DatasetExists, Published, publish
from datasets.publishing.findings import DataNotPublishable

__all__ = ["DataNotPublishable", "DatasetExists", "Published", "publish"]

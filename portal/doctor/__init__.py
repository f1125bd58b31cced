"""What is wrong with an installation, each finding with its fix: ``manage.py doctor``, in part ``/health/ready``."""

from portal.doctor.findings import Finding, Verdict, report
from portal.doctor.rounds import examine

__all__ = ["Finding", "Verdict", "examine", "report"]

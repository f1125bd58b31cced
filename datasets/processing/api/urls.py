"""Addresses of processing below ``/api/v1/``."""

from django.urls import path

from datasets.processing.api import jobs

app_name = "processing_api"

urlpatterns = [
    path("jobs/", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<slug:uid>/", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<slug:uid>/cancel/", jobs.JobCancellation.as_view(), name="job_cancel"),
    path("jobs/<slug:uid>/retry/", jobs.JobRetry.as_view(), name="job_retry"),
]

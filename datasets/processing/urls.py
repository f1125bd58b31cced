"""The pages of jobs."""

from django.urls import path

from datasets.processing.pages import views

app_name = "processing"

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<slug:uid>/", views.job, name="job"),
    path("jobs/<slug:uid>/change/", views.change, name="job_change"),
]

"""Public pages, reports and health checks: no cookies."""

from petition.web.public import health, pages, reports

BLUEPRINTS = (health.bp, pages.bp, reports.bp)

"""What all pages share: forms, headers, limits, the request's context."""

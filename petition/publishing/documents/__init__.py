"""Documents: PDF, plain text, calendar files, sheets of codes."""

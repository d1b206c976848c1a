"""What is wrong with a site and how to mend it: one module a subject."""

"""What is wrong with a site, and how to fix it: one module for each subject."""

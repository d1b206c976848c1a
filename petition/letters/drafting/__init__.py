"""Writing a letter together: versions, working copies, merging, comments, approvals."""

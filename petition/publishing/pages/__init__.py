"""What public pages say besides the letter and its figures."""

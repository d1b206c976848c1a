"""Reads .docx: the elements of WordprocessingML (ISO/IEC 29500-1, transitional and strict) that a letter has."""

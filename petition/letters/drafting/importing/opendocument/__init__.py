"""Reads .odt: the elements of OpenDocument 1.3 (ISO/IEC 26300) that a letter has."""

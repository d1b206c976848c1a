"""The people who write letters: accounts, sessions, membership, keys to names."""

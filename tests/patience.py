"""How long tests wait for what happens by itself. No test says how fast a machine must be."""

SECONDS = 300
MILLISECONDS = SECONDS * 1000

"""What the running shop tells about itself: logs, metrics, health; each line and number knows its module."""

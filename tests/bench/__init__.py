"""What must stay fast, each measured against the bare limit in the same run: ``make bench``."""

"""Bodies, delivery places, people, the centrale, and signing in."""

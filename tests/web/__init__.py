"""The frame: home pages, the thread, languages, and where links lead."""

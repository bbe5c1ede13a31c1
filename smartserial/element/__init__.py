"""Elements at work: an engine, its connections, its life."""

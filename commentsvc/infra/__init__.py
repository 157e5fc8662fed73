"""What outside help is there? Each file hides an in-process and a scaled-out version."""

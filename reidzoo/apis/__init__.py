"""What people call from Python and from the shell: whole runs, built from the rooms below."""

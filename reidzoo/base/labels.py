"""The two person numbers that mean nobody (Market-1501's convention, which everything here follows)."""

JUNK_PID = -1
"""A bad box or a fragment: leaves the ranked list before anything is counted."""

DISTRACTOR_PID = 0
"""A false detection or an unknown person: stays in the list and is always wrong."""

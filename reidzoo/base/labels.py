"""The person numbers that mean nobody: Market-1501's two, which everything here follows, and one of our own."""

JUNK_PID = -1
"""A bad box or a fragment: leaves the ranked list before anything is counted."""

DISTRACTOR_PID = 0
"""A false detection or an unknown person: stays in the list and is always wrong."""

UNLABELLED_PID = -2
"""A generated image that shows nobody: trained on by methods that ask for no label, never counted or evaluated."""

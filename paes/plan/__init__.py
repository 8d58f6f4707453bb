"""What the town promised and what it does for it: targets, and the register of actions.

Read ``target``, then ``action``; ``plan`` is the file that holds the targets.
"""

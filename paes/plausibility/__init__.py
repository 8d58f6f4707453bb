"""What is hardly right in inventories, factors and plans, by stated limits.

Read ``limits`` for the numbers and their sources.
"""

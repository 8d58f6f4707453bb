"""What an action really saved, by the meters: avoided energy, its bounds, and a verdict.

The words are those of the IPMVP: *baseline period* before the works, *blackout* while they go on,
*reporting period* after them; option A and B measure the part that was changed (lamps, a plant),
option C the whole building. Avoided energy is what the baseline says of the reporting period's
weather and calendar, less what the meters counted in it.

Nothing smaller than what buildings of this town change by themselves is called a saving.
"""

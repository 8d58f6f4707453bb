"""What to do next: what each action of the register costs a tonne, and the cheapest mix of them.

Read ``prices`` for what is assumed of money, ``candidate`` for one action, ``abatement_curve`` for
all in order of cost, ``action_mix`` for the choice.
"""

"""How finely a meter's register tells what passes: its smallest step, in kWh (m3 of water)."""

from __future__ import annotations

from paes.faults.view import View


def smallest_step(view: View) -> float:
    """The smallest step of the register where it stands now, in kWh (m3).

    A register that is sent as a float has coarser steps the more it has counted.
    """
    register = view.installation.register(view.meter)
    if not register.relative_step:
        return view.step_amount
    last = view.ledger.store.latest([register.point]).get(register.point)
    shown = last.value if last else 0.0
    return view.step_amount * register.step_at(shown) / register.resolution

"""How a machine of Hypothesis lives: by chance for long, or alike each time in `make test`."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def live(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, chance: bool) -> None:
    """Live so many lives, each of so many steps at the most; by chance, or alike each time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=not chance,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),  # told as it is found: to shorten it takes minutes
        ),
    )

"""What is left on an account."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Balance:
    """What a service says is left.

    Attributes:
        amounts: currency (``CNY``, ``USD``) and what is left in it; empty where there is no limit.
        available: whether the service still answers questions.
    """

    amounts: tuple[tuple[str, float], ...]
    available: bool = True

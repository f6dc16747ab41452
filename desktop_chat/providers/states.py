"""What is known of each service at this moment, shared by all that ask it."""

from desktop_chat.core.ports import Provider
from desktop_chat.core.services import Service
from desktop_chat.providers.breaker import Breaker, Watched
from desktop_chat.providers.limits import Limited, Limiter
from desktop_chat.providers.retry import RetryBudget, Retrying, RetryPolicy
from desktop_chat.providers.timers import Clock, LoopClock


class ServiceState:
    """One service at one origin.

    Args:
        clock: of limits and breaker.

    Attributes:
        limiter: what it allows, and who waits for it.
        breaker: whether it is taken for dead.
        budget: the retries that are left.
    """

    def __init__(self, clock: Clock) -> None:
        self.limiter = Limiter(clock=clock)
        self.breaker = Breaker(clock=clock)
        self.budget = RetryBudget()

    def around(self, protocol: Provider, policy: RetryPolicy) -> Provider:
        """Return a provider that asks within limits, and again where that may help.

        From the inside out: an attempt waits for its turn, its outcome is watched, and what failed
        is tried again, which waits for its turn like everything else.
        """
        watched = Watched(Limited(protocol, self.limiter), self.breaker)
        return Retrying(watched, policy, budget=self.budget, breaker=self.breaker)


class ServiceStates:
    """The states by service and origin. An address that is changed begins anew.

    Args:
        clock: of all of them; None for that of the running loop.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or LoopClock()
        self._states: dict[tuple[str, str], ServiceState] = {}

    def of(self, service: Service, origin: str) -> ServiceState:
        """Return the state of a service, with its limits as they are now."""
        state = self._states.get((service.id, origin))
        if state is None:
            state = self._states[service.id, origin] = ServiceState(self._clock)
        state.limiter.configure(service.limits)
        return state

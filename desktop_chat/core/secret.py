"""A value that must not be printed by accident."""


class Secret:
    """Holds a key so that ``repr``, ``str``, logging and tracebacks show only ``***``.

    Args:
        value: the key itself; surrounding white space, which a paste often brings, is dropped.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()

    def reveal(self) -> str:
        """Return the key in the clear. Call it only where it goes into a request or the keyring."""
        return self._value

    @classmethod
    def pair(cls, name: str, secret: str) -> "Secret":
        """Return an id with its secret, or a user with a password, as one value."""
        return cls(f"{name.strip()}\n{secret.strip()}")

    def parts(self) -> tuple[str, str]:
        """Return the two values of a pair in the clear; what is none has an empty second one."""
        name, _, secret = self._value.partition("\n")
        return name, secret

    def hint(self) -> str:
        """Return enough of the key to tell it from another: ``sk-…3f9a``, or ``…`` when short.

        Of a pair it tells of the first half.
        """
        value, _ = self.parts()
        if len(value) < 16:
            return "…"  # or more than half of it would be shown
        head = value[:3] if value[2:3] == "-" else value[:4]
        return f"{head}…{value[-4:]}"

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")

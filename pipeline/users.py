"""What the users of this machine are called."""

from __future__ import annotations

import pwd


def user_name(user: int) -> str:
    """Return the login of a user by its number; the number itself where nobody has it, as in a container."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)

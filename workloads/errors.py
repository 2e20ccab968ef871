"""The one error a bad network raises."""


class NetworkError(ValueError):
    """A network that cannot be read or is not understood.

    The message is one or two lines: file and node, what was found, what was expected, how to mend it.
    """

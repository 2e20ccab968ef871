"""The one error a bad chip description raises."""


class ConfigError(ValueError):
    """A chip file, field or override that is not valid.

    The message is one or two lines: ``file:line: field.path: found ..., expected ...``.
    """

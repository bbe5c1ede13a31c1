"""The error tree: each kind names whose fault it is."""


class SmartSerialError(Exception):
    """Anything that smartserial itself raises."""


class ConfigError(SmartSerialError):
    """The operator's configuration cannot be used; the text has one finding a line."""


class PortError(SmartSerialError):
    """The device cannot be opened or used now; it is tried again."""


class PortBusyError(PortError):
    """Another program has the device; the text says which, where that can be seen."""


class SettingsRefusedError(PortError):
    """The device refused settings; what was in force before is in force again."""


class PeerError(SmartSerialError):
    """The other side of a connection broke a rule of it: the connection ends."""


class DefinitionError(SmartSerialError):
    """The author's device definition cannot be used; the text has one finding a line."""

"""Finding device protocols: XML files and plugins, by name, by name and version, or by path.

What stands first in this list is taken first; of one place the highest version, if none is said:

1. a path: a file of XML, or of Python
2. the folders of device protocols, in their order: ``*.xml``
3. entry points of the group ``smartserial.protocols``
4. zope plugins: modules in folders ``smartserial/protocols`` of the Python path
5. what comes with the package

Plugins are code: they are imported only when somebody looks for a protocol.
"""

from __future__ import annotations

from smartserial.catalog.catalog import Catalog, Listing, UnknownProtocolError
from smartserial.catalog.found import PROBLEMS, Broken, Found, Judged, Loaded, PluginError, Source

__all__ = [
    "PROBLEMS",
    "Broken",
    "Catalog",
    "Found",
    "Judged",
    "Listing",
    "Loaded",
    "PluginError",
    "Source",
    "UnknownProtocolError",
]

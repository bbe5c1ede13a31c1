"""The device definitions that come with the gateway: one ``Protocol.xml`` a device, named for it."""

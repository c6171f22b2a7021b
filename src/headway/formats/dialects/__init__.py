"""One module per format (or family of forms); each declares ``FORMATS``."""

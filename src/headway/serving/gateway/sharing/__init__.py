"""What the routers of several workers and machines tell one another."""

from headway.serving.gateway.sharing.datagrams import Datagrams
from headway.serving.gateway.sharing.document import SharedSection
from headway.serving.gateway.sharing.log import Log
from headway.serving.gateway.sharing.messages import Batch, decoded, encoded
from headway.serving.gateway.sharing.sharing import Channel, Sharing

__all__ = ["Batch", "Channel", "Datagrams", "Log", "SharedSection", "Sharing", "decoded", "encoded"]

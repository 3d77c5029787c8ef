"""A demo server under the control of a test.

It fails on demand, remembers what it answered, has a quota and a clock that is wrong, and plays
the analyst and the administrator. `python -m tests.rigs.demo_server` runs it alone.
"""

from tests.rigs.demo_server.options import DemoOptions
from tests.rigs.demo_server.server import DemoServer

__all__ = ["DemoOptions", "DemoServer"]

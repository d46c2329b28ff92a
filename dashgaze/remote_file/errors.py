"""What goes wrong between here and a store far away."""

from dashgaze.errors import DashgazeError


class RemoteError(DashgazeError):
    """A file on a remote store can't be read or written.

    Not an `InputError`: stages that go on without a file that is faulty must not go on without one
    that is merely out of reach.
    """


class RemoteChangedError(RemoteError):
    """A remote file was replaced or removed while it was being used."""

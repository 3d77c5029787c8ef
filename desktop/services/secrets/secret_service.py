"""The Secret Service of Linux desktops, over one connection for all entries.

keyring opens a connection and agrees on a key for every entry, which takes longer than reading it.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from jeepney import DBusErrorResponse
from keyring.backends.SecretService import Keyring
from keyring.errors import KeyringLocked
from secretstorage import Collection, PromptDismissedException
from secretstorage.exceptions import SecretStorageException

Result = TypeVar("Result")


class ConnectedKeyring(Keyring):
    """Finds and saves the entries of keyring's own backend, but stays connected.

    If the connection does not work any more, as after a restart of the service, it connects again.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._collection: Collection | None = None

    def get_password(self, service: str, username: str) -> str | None:
        return self._run(partial(self._read, query=self._query(service, username)))

    def set_password(self, service: str, username: str, password: str) -> None:
        attributes = self._query(service, username, application=self.appid)
        label = f"Password for '{username}' on '{service}'"  # as keyring names it
        self._run(
            lambda collection: collection.create_item(
                label, attributes, password.encode(), replace=True
            )
        )

    def delete_password(self, service: str, username: str) -> None:
        """Delete the entry if there is one."""
        query = self._query(service, username)

        def delete(collection: Collection) -> None:
            for item in collection.search_items(query):
                item.delete()

        self._run(delete)

    def _read(self, collection: Collection, query: dict[str, str]) -> str | None:
        for item in collection.search_items(query):
            if item.is_locked():
                self.unlock(item)  # type: ignore[no-untyped-call]
            secret = item.get_secret()
            collection.session = item.session  # with its key the other entries are read, too
            return secret.decode()
        return None

    def _run(self, work: Callable[[Collection], Result]) -> Result:
        """Run `work` with the collection, unlocked."""
        held = self._collection
        if held is not None:
            try:
                if not held.is_locked():
                    return work(held)
            except (KeyringLocked, PromptDismissedException):
                raise  # it has been answered
            except (DBusErrorResponse, OSError, SecretStorageException):
                pass  # a new connection shows what it is
            self._disconnect(held)
        collection: Collection = self.get_preferred_collection()  # type: ignore[no-untyped-call]
        self._collection = collection
        try:
            return work(collection)
        except BaseException:
            self._disconnect(collection)
            raise

    def _disconnect(self, collection: Collection) -> None:
        self._collection = None
        collection.connection.close()

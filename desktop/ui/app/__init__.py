"""Starting, running and quitting the app; everything else is put together here."""

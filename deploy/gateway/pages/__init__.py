"""The portal's pages: one noun a module; each a frozen form, what GET shows, what POST does."""

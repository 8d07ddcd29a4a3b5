"""The files of a library: rows, lists, metadata and deletion."""

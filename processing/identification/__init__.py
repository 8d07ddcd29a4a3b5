"""The witnesses of what a file is: signatures, containers, frames of recordings, and text."""

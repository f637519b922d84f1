"""The article cut for reading; shared with the other doors, so it lies in `rag.passage`."""

from rag.passage import Kind, Paragraph, Piece, paragraphs

__all__ = ["Kind", "Paragraph", "Piece", "paragraphs"]

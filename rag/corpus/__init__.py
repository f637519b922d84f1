"""From files to articles: loading, masking, sentences, language, dates, chunks, duplicates.

The order of work: `load` finds and reads files, `manifest` holds what people say about them,
`build` makes the article with its masks and sentences, `chunks` cuts what is indexed, and
`duplicates` tells which articles are one witness. Nothing here knows a database or a model.
"""

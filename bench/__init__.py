"""Speed and memory: `python -m bench` prints a table and writes JSON with commit and settings.

processes   whole processes: cold start, peak memory
warm        a loaded bot: time to quotes, time to the complete answer, ingest rate
rival       LlamaIndex's CitationQueryEngine over the same models, for comparison
"""

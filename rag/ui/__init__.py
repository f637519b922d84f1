"""The chat: a Gradio page that renders `Answer` values.

    strings    every word of the interface, in English and Swedish
    session    what one visitor has asked and got so far, as a value
    citable    a quote or a piece of evidence, as the page shows it
    passage    an article's text cut into paragraphs and highlighted ranges
    render     session and article -> HTML (pure; all text escaped, then sanitised)
    login      the form before the chat where keys are needed
    running    one question on its way, stoppable from another thread
    app        the Gradio page: components, events, launch options
    main       arguments -> settings -> bot -> page

Gradio is imported by `app` alone, and late.
"""

from __future__ import annotations

import os

# Read by Gradio when it is imported: no statistics and no version check leave the machine.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

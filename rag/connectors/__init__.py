"""The bot in chat apps: one file for each app, and what they share.

Each app is an optional extra and is imported only by its own file.
"""

"""The words of the page around the conversation: conversations, filters, editing, line.

key -> (English, Swedish).
"""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # header
    "conversations": ("Conversations", "Samtal"),
    "page_tools": ("Page", "Sidan"),
    "open_articles": ("Articles", "Artiklar"),
    "back_to_talk": ("Back to the chat", "Tillbaka till chatten"),
    # conversations
    "close_conversations": ("Close the conversations", "Stäng samtalen"),
    "search_conversations": ("Search conversations", "Sök bland samtalen"),
    "no_conversations": ("Nothing asked yet.", "Inget har frågats än."),
    "no_conversations_found": (
        "No conversation holds these words.",
        "Inget samtal innehåller de orden.",
    ),
    "untitled": ("Untitled", "Utan namn"),
    "actions_for": ("Actions for “{title}”", "Åtgärder för ”{title}”"),
    "rename": ("Rename", "Byt namn"),
    "new_name": ("New name of the conversation", "Samtalets nya namn"),
    "export_markdown": ("Save as Markdown", "Spara som Markdown"),
    "export_json": ("Save as JSON", "Spara som JSON"),
    "delete": ("Delete", "Ta bort"),
    "deleted": ("“{title}” was deleted.", "”{title}” togs bort."),
    "undo": ("Undo", "Ångra"),
    "restored": ("“{title}” is back.", "”{title}” är tillbaka."),
    "renamed": ("Renamed to “{title}”.", "Bytte namn till ”{title}”."),
    "conversation_gone": (
        "This conversation is not here: it was deleted, or belongs to another browser.",
        "Samtalet finns inte här: det är borttaget eller hör till en annan webbläsare.",
    ),
    "not_renamed": ("A conversation needs a name.", "Ett samtal behöver ett namn."),
    "dismiss": ("Close this message", "Stäng meddelandet"),
    # link
    "link_copied": (
        "The link that asks this question is copied.",
        "Länken som ställer frågan är kopierad.",
    ),
    "link_here": ("Copy the link that asks this question:", "Kopiera länken som ställer frågan:"),
    # composer
    "editing": (
        "Editing an earlier question: its answer, and what followed, will be replaced.",
        "Du ändrar en tidigare fråga: svaret och det som följde ersätts.",
    ),
    "cancel_editing": ("Cancel", "Avbryt"),
    "busy": (
        "An answer is being written: stop it first.",
        "Ett svar skrivs just nu: stoppa det först.",
    ),
    "ahead_one": (
        "{n} question ahead of yours; what was found is already above.",
        "{n} fråga före din; det som hittades står redan ovan.",
    ),
    "ahead_many": (
        "{n} questions ahead of yours; what was found is already above.",
        "{n} frågor före din; det som hittades står redan ovan.",
    ),
    "in_line": ("Waiting in line…", "Väntar i kö…"),
    "not_kept": (
        "This answer could not be saved: it will be gone once you leave the page.",
        "Svaret kunde inte sparas: det försvinner när du lämnar sidan.",
    ),
    "event_failed": (
        "That did not work; try again, and if it happens again look for {id} in the program’s log.",
        "Det gick inte; försök igen, och händer det igen sök efter {id} i programmets logg.",
    ),
    # filters
    "all_articles": ("All articles", "Alla artiklar"),
    "only_articles": ("Only", "Bara"),
    "pick_heading": ("Which articles to ask", "Vilka artiklar som tillfrågas"),
    "pick_from": ("From", "Från och med"),
    "pick_to": ("To", "Till och med"),
    "pick_source": ("Source", "Källa"),
    "pick_language": ("Language", "Språk"),
    "pick_any_source": ("All sources", "Alla källor"),
    "pick_any_language": ("All languages", "Alla språk"),
    "pick_since": ("since {day}", "sedan {day}"),
    "pick_until": ("until {day}", "till {day}"),
    "pick_remove": ("Remove the filter {text}", "Ta bort filtret {text}"),
    "pick_from_after_to": (
        "The first day ({first}) is after the last ({last}): change one of them.",
        "Den första dagen ({first}) är efter den sista ({last}): ändra en av dem.",
    ),
    "pick_not_a_day": (
        "“{said}” is not a day: write it as 2025-04-30.",
        "”{said}” är ingen dag: skriv den som 2025-04-30.",
    ),
    "pick_not_a_language": (
        "“{said}” is not a language: use a code such as en or sv.",
        "”{said}” är inget språk: använd en kod som en eller sv.",
    ),
    "pick_en": ("English", "Engelska"),
    "pick_sv": ("Swedish", "Svenska"),
}

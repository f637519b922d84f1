// A button with data-act sends that event, with all its data-* values, to the server.
const acts = [
  "cite", "example", "fresh", "tongue", "articles", "talk",
  "retry", "edit", "rephrase", "cancel-edit", "copylink", "feedback", "translate",
  "open-conversation", "rename-conversation", "delete-conversation", "undo-delete",
  "export-conversation", "filter", "unfilter", "search-conversations",
];
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button && element.contains(button) && acts.includes(button.dataset.act)) {
    trigger(button.dataset.act, { ...button.dataset });
  }
});

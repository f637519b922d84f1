// The page's language is that of the interface; quotes and answers carry their own.
// The address names the conversation that is open, so that a reload shows it again.
const told = () => {
  const header = element.querySelector(".og-header");
  if (!header) return;
  const { language, conversation, view, about } = header.dataset;
  document.documentElement.lang = language;
  document.documentElement.dataset.view = view;
  document.title = about ? `${about} – Ordagrant` : "Ordagrant";
  header.querySelector("[data-side]")?.setAttribute(
    "aria-expanded", document.documentElement.classList.contains("og-listing"));
  const address = new URL(location.href);
  for (const name of ["q", "from", "to", "source", "language"]) address.searchParams.delete(name);
  for (const [name, value] of [["c", conversation], ["view", view === "articles" ? view : ""]]) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address);
};
let view = "talk";
watch("value", () => {
  told();
  // Another view is another page: the focus goes to where it begins.
  const now = document.documentElement.dataset.view;
  if (now !== view) {
    view = now;
    window.scrollTo(0, 0);
    if (now === "talk") document.querySelector("#og-box textarea")?.focus();
    else element.querySelector("[data-act=talk]")?.focus();
  }
});

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-side]")) document.dispatchEvent(new Event("og-side"));
});

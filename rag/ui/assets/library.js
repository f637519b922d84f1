// A button with data-act sends that event, with all its data-* values, to the server. What is new
// is announced by its data-say, and takes the focus where it has data-focus.
const acts = ["read", "turn", "remove", "restore", "back", "dismiss"];
const frame = () => document.getElementById("og-lib");

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || !element.contains(button) || !acts.includes(button.dataset.act)) return;
  if (button.dataset.act === "read" && !frame().querySelector(".og-reading")) {
    frame().dataset.top = window.scrollY;
    frame().dataset.opened = button.dataset.article;
  }
  trigger(button.dataset.act, { ...button.dataset });
});

const announce = (text) => {
  let region = document.getElementById("og-lib-status");
  if (!region) {
    region = document.createElement("p");
    region.id = "og-lib-status";
    region.className = "og-hidden";
    region.setAttribute("role", "status");
    frame().append(region);
  }
  if (region.textContent !== text) region.textContent = text;
};

watch("value", () => {
  const news = element.querySelector("[data-say]");
  if (news) announce(news.dataset.say);
  const target = element.querySelector("[data-focus]");
  // An article opens at its top; a row that was restored comes into view.
  if (target) target.focus({ preventScroll: target.matches("h1, .og-lib-undo") });
});

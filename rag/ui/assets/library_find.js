// Search and filters are sent a moment after the last key. When the form is made anew meanwhile,
// what is being typed stays.
let timer = null;
let typing = null;
const form = () => element.querySelector("form");
const values = () => Object.fromEntries(new FormData(form()));

const offerToClear = () => {
  const clear = element.querySelector("[data-clear]");
  if (clear) clear.hidden = !Object.values(values()).some((value) => value !== "");
};

const send = () => {
  clearTimeout(timer);
  offerToClear();
  trigger("find", values());
};

const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(send, 250);
};

element.addEventListener("input", (event) => {
  if (event.target.name === "search") typing = event.target.value;
  soon();
});
element.addEventListener("change", soon);
element.addEventListener("focusout", (event) => {
  if (event.relatedTarget) typing = null;
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
// On a phone the filters are folded away.
element.addEventListener("click", (event) => {
  const more = event.target.closest("[data-more]");
  if (!more) return;
  const open = form().toggleAttribute("data-open");
  more.setAttribute("aria-expanded", String(open));
});
element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  for (const field of form().elements) if (field.name) field.value = "";
  form().elements.search.focus();
  typing = null;
  send();
});

watch("value", () => {
  const field = form()?.elements.search;
  if (!field) return;
  if (typing !== null && document.activeElement === document.body) {
    field.value = typing;
    field.focus({ preventScroll: true });
  }
  offerToClear();
});

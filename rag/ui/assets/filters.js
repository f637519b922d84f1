// Every change of a field is a new set of filters; the server says what came of it.
const fields = () => [...element.querySelectorAll("[data-field]")];
const details = () => element.querySelector("details");

// While a year is typed every digit makes another date; leaving the field is the end of it.
let typing = 0;
const send = () => {
  clearTimeout(typing);
  typing = 0;
  // So that the answer, which comes later, finds the fields as it says and leaves them alone.
  for (const input of fields()) if (input.matches("input")) input.setAttribute("value", input.value);
  trigger("filter", Object.fromEntries(fields().map((f) => [f.dataset.field, f.value])));
};
element.addEventListener("change", (event) => {
  if (!event.target.matches("[data-field]")) return;
  clearTimeout(typing);
  if (event.target.type === "date") typing = setTimeout(send, 600);
  else send();
});
element.addEventListener("focusout", () => {
  if (typing) send();
});

element.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !details()?.open) return;
  event.stopPropagation();
  details().open = false;
  details().querySelector("summary").focus();
});

watch("value", () => {
  // A choice once made by hand no longer follows its markup.
  for (const select of element.querySelectorAll("select")) select.value = select.dataset.value;
  // The chip that had the focus is gone.
  if (document.activeElement === document.body) element.querySelector("summary")?.focus();
});

// The line above the question. Editing puts the cursor at the end of the question; Escape ends it.
element.setAttribute("role", "status");
const box = () => document.querySelector("#og-box textarea");
const editing = () => element.querySelector("[data-editing]");
let before = null;

watch("value", () => {
  const now = editing()?.dataset.editing ?? null;
  if (now !== before && now !== null) {
    requestAnimationFrame(() => {
      box()?.focus();
      box()?.setSelectionRange(box().value.length, box().value.length);
    });
  } else if (now === null && before !== null && !box()?.value) box()?.focus();
  before = now;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && editing() && event.target === box()) {
    event.stopPropagation();
    trigger("cancel-edit", {});
  }
}, true);

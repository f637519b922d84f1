// Opening scrolls to the highlighted words and moves the focus there; closing gives it back.
let opener = null;

const close = () => {
  props.value = "";
  opener?.focus?.({ preventScroll: true });
  opener = null;
};

watch("value", () => {
  const text = element.querySelector(".og-text");
  const mark = element.querySelector("mark.og-current");
  if (!text || !mark) return;
  if (!element.contains(document.activeElement)) opener = document.activeElement;
  requestAnimationFrame(() => {
    const above = mark.getBoundingClientRect().top - text.getBoundingClientRect().top;
    text.scrollTop += above - Math.min(text.clientHeight / 3, 220);
    mark.focus({ preventScroll: true });
  });
});

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector(".og-article")) close();
});

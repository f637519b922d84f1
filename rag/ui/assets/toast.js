// One line that says what was done. It stays as long as it is pointed at or holds the focus.
const SECONDS = 15;
element.setAttribute("role", "status");
let timer = 0;

const away = () => {
  if (element.matches(":hover") || element.contains(document.activeElement)) return later();
  props.value = "";
};
const later = () => {
  clearTimeout(timer);
  timer = setTimeout(away, 1_000 * SECONDS);
};

const copy = async (toast) => {
  const field = toast.querySelector(".og-link");
  const said = toast.querySelector("p");
  field.readOnly = true;
  field.value = new URL(toast.dataset.link, location.href.split(/[?#]/)[0]).href;
  try {
    await navigator.clipboard.writeText(field.value);
    said.textContent = toast.dataset.copied;
    later();
  } catch {
    // No clipboard here: the link is there to be copied by hand, until it is closed.
    said.textContent = toast.dataset.here;
    field.focus();
    field.select();
  }
};

let key = "";
watch("value", () => {
  const toast = element.querySelector(".og-toast");
  clearTimeout(timer);
  if (!toast || toast.dataset.key === key) return;
  key = toast.dataset.key;
  if (toast.dataset.link) copy(toast);
  else later();
  // What was deleted had the focus: undoing is the next thing at hand.
  requestAnimationFrame(() => {
    if (document.activeElement === document.body) toast.querySelector(".og-undo-button")?.focus();
  });
});

element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dismiss], .og-undo-button")) return;
  props.value = "";
  // The focus must be somewhere: where it came from is gone, but not far.
  const list = document.documentElement.classList.contains("og-listing");
  document.querySelector(list ? "#og-side .og-new" : "#og-box textarea")?.focus();
});

// Why words are grey is shown at them, for the mouse and the keyboard alike. Escape closes first
// that, then the article; closing goes back to where the list was.
let tip = null;
let open = false;

const hide = () => {
  tip?.remove();
  tip = null;
};

const show = (words) => {
  hide();
  tip = document.createElement("div");
  tip.className = "og-tip";
  tip.setAttribute("aria-hidden", "true"); // the words themselves say it to a screen reader
  tip.textContent = words.dataset.why;
  document.body.append(tip);
  const at = words.getClientRects()[0] ?? words.getBoundingClientRect();
  const left = Math.min(at.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 6;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above > 64 ? above : at.bottom + 6}px`;
};

const masked = (event) => event.target.closest?.(".og-masked");
element.addEventListener("mouseover", (event) => (masked(event) ? show(masked(event)) : hide()));
element.addEventListener("mouseleave", hide);
element.addEventListener("focusin", (event) => (masked(event) ? show(masked(event)) : hide()));
element.addEventListener("focusout", hide);
window.addEventListener("scroll", hide, { passive: true });

const escape = (event) => {
  if (!element.isConnected) return document.removeEventListener("keydown", escape);
  const back = element.querySelector("[data-act=back]");
  if (event.key !== "Escape" || event.defaultPrevented || !back?.offsetParent) return;
  if (tip) hide();
  else back.click();
};
document.addEventListener("keydown", escape);

watch("value", () => {
  hide();
  const now = element.querySelector(".og-reading") !== null;
  if (now && !open) window.scrollTo(0, 0);
  if (!now && open) {
    window.scrollTo(0, Number(frame().dataset.top ?? 0));
    const id = CSS.escape(frame().dataset.opened ?? "");
    frame().querySelector(`#og-lib-list [data-act=read][data-article="${id}"]`)
      ?.focus({ preventScroll: true });
  } else if (now && open && element.querySelector("h1[data-focus]")) {
    window.scrollTo(0, 0); // another article from within one
  }
  open = now;
});

// A new question goes to the top of the window; after that nothing scrolls by itself. When it was
// stopped or refused the next question is at hand, unless the visitor is elsewhere already.
let shown = "";
let ran = false;
watch("value", () => {
  const exchange = element.querySelector(".og-exchange");
  const place = exchange ? exchange.dataset.exchange : "";
  const runs = exchange?.getAttribute("aria-busy") === "true";
  if (place !== "" && (place !== shown || (runs && !ran))) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() =>
      exchange.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
  }
  if (ran && !runs && exchange?.matches(".og-stopped, .og-refused, .og-failed")) {
    requestAnimationFrame(() => {
      const free = [document.body, document.querySelector("#og-stop")];
      // On a touch screen the focus would bring up the keyboard, over the refusal.
      if (free.includes(document.activeElement) && matchMedia("(pointer: fine)").matches) {
        document.querySelector("#og-box textarea")?.focus({ preventScroll: true });
      }
    });
  }
  shown = place;
  ran = runs;
});

// A new question goes to the top of the window; after that nothing scrolls by itself.
let shown = "";
watch("value", () => {
  const exchange = element.querySelector(".og-exchange");
  const place = exchange ? exchange.dataset.exchange : "";
  if (place !== shown && place !== "") {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() =>
      exchange.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" }));
  }
  shown = place;
});

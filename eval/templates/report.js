"use strict";
(function () {
  const cases = Array.from(document.querySelectorAll(".case"));
  const form = document.querySelector(".filters");
  const count = document.querySelector(".count");
  const texts = new Map();

  function textOf(one) {
    if (!texts.has(one)) texts.set(one, one.textContent.toLowerCase());
    return texts.get(one);
  }

  function filter() {
    const wanted = new FormData(form);
    const words = String(wanted.get("words") || "").toLowerCase().trim();
    let shown = 0;
    for (const one of cases) {
      const fits = ["kind", "language", "outcome"].every(function (name) {
        return !wanted.get(name) || one.dataset[name] === wanted.get(name);
      }) && (!words || textOf(one).includes(words));
      one.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    count.textContent = shown === cases.length
      ? "All " + cases.length + " cases are shown."
      : shown + " of " + cases.length + " cases are shown.";
  }

  function openNamed() {
    const named = location.hash && document.getElementById(location.hash.slice(1));
    const one = named && named.closest(".case");
    if (!one) return;
    if (one.hidden) { form.reset(); filter(); }
    one.open = true;
    named.scrollIntoView();
  }

  if (form) {
    form.addEventListener("input", filter);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.addEventListener("reset", function () { setTimeout(filter); });
    document.querySelector(".open-all").addEventListener("click", function () {
      const shown = cases.filter(function (one) { return !one.hidden; });
      const open = shown.some(function (one) { return !one.open; });
      for (const one of shown) one.open = open;
    });
    filter();
    addEventListener("hashchange", openNamed);
    openNamed();
  }

  const intervals = document.querySelector(".intervals");
  if (intervals) {
    intervals.addEventListener("change", function () {
      document.querySelector(".matrix").classList.toggle("with-intervals", intervals.checked);
    });
  }

  // What is printed is what is shown, and whole.
  let closed = [];
  addEventListener("beforeprint", function () {
    closed = cases.filter(function (one) { return !one.hidden && !one.open; });
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", function () {
    for (const one of closed) one.open = false;
  });
})();

// Opening scrolls to the highlighted words and moves the focus there; closing gives it back.
// On a narrow screen the article covers the page and is a dialog: nothing else can be reached.
const narrow = matchMedia("(max-width: 899px)");
let opener = null;
let asleep = [];

const wake = () => {
  asleep.forEach((part) => (part.inert = false));
  asleep = [];
};

const asDialog = () => {
  wake();
  const article = element.querySelector(".og-article");
  const modal = Boolean(article) && narrow.matches;
  article?.setAttribute("role", modal ? "dialog" : "complementary");
  article?.toggleAttribute("aria-modal", modal);
  if (!modal) return;
  article.setAttribute("aria-modal", "true");
  for (let part = element; part !== document.body && part.parentElement; part = part.parentElement)
    for (const other of part.parentElement.children)
      if (other !== part && !other.inert && !other.matches("script, style, [popover]")) {
        other.inert = true;
        asleep.push(other);
      }
};

const close = () => {
  props.value = "";
  wake();
  opener?.focus?.({ preventScroll: true });
  opener = null;
};

// The paragraphs above are only measured once they are near, so the first jump may miss.
const show = (text, mark, tries = 3) => {
  const above = mark.getBoundingClientRect().top - text.getBoundingClientRect().top;
  const off = above - Math.min(text.clientHeight / 3, 220);
  text.scrollTop += off;
  if (tries && Math.abs(off) > 2) requestAnimationFrame(() => show(text, mark, tries - 1));
};

watch("value", () => {
  const text = element.querySelector(".og-text");
  const mark = element.querySelector("mark.og-current");
  if (!text || !mark) return wake();
  if (!element.contains(document.activeElement)) opener = document.activeElement;
  asDialog();
  requestAnimationFrame(() => {
    show(text, mark);
    mark.focus({ preventScroll: true });
  });
});

narrow.addEventListener("change", asDialog);

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && element.querySelector(".og-article")) close();
});

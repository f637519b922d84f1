// The conversations: a column beside the chat where there is room for both, else a drawer over
// it that holds the focus until it is closed.
const root = document.documentElement;
const wide = matchMedia("(min-width: 1100px)");
const key = "ordagrant-side";
let opener = null;

const shown = () => root.classList.contains("og-listing");

const behind = (off) => {
  for (const id of ["og-top", "og-main", "og-library"]) {
    document.getElementById(id)?.toggleAttribute("inert", off);
  }
};

const show = (open, keep = true) => {
  const drawer = open && !wide.matches;
  if (open && keep) opener = document.activeElement;
  root.classList.toggle("og-listing", open);
  behind(drawer);
  for (const button of document.querySelectorAll("#og-top [data-side]")) {
    button.setAttribute("aria-expanded", open);
  }
  if (!keep) return;
  if (wide.matches) localStorage.setItem(key, open ? "1" : "");
  if (open) element.querySelector("button.og-new")?.focus();
  else (opener?.isConnected ? opener : document.querySelector("#og-top [data-side]"))?.focus();
};

document.addEventListener("og-side", () => show(!shown()));
wide.addEventListener("change", () => show(wide.matches && localStorage.getItem(key) === "1", false));
if (wide.matches && localStorage.getItem(key) === "1") show(true, false);

const expand = (item, open) => {
  item.classList.toggle("og-expanded", open);
  item.querySelector("[data-more]").setAttribute("aria-expanded", open);
};

// In place: the title becomes a field; Enter or leaving it renames, Escape doesn't.
const rename = (button) => {
  const item = button.closest("li");
  const title = item.querySelector(".og-conversation");
  const field = document.createElement("input");
  field.className = "og-rename";
  field.maxLength = 200;
  field.value = button.dataset.rename;
  field.setAttribute("aria-label", button.dataset.label);
  let open = true;
  const end = (keep) => {
    if (!open) return;
    open = false;
    const name = field.value.trim();
    field.remove();
    title.hidden = false;
    title.focus();
    if (keep && name && name !== button.dataset.rename) {
      title.textContent = name;
      trigger("rename-conversation", { conversation: button.dataset.conversation, title: name });
    }
  };
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // the focus goes to the title, and Enter would press it
    end(event.key === "Enter");
  });
  field.addEventListener("blur", () => end(true));
  expand(item, false);
  title.hidden = true;
  title.after(field);
  field.select();
};

element.addEventListener("click", (event) => {
  const { target } = event;
  const more = target.closest("[data-more]");
  const renaming = target.closest("[data-rename]");
  if (more) {
    const item = more.closest("li");
    for (const other of element.querySelectorAll("li.og-expanded")) {
      if (other !== item) expand(other, false);
    }
    expand(item, !item.classList.contains("og-expanded"));
  } else if (renaming) {
    rename(renaming);
  } else if (target.closest("[data-side]") || !target.closest(".og-sidebar")) {
    show(false); // the button, or beside the drawer
  } else if (!wide.matches && target.closest("[data-act=open-conversation], [data-act=fresh]")) {
    show(false);
    document.querySelector("#og-box textarea")?.focus({ preventScroll: true });
  }
});

element.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const item = event.target.closest("li.og-expanded");
    if (item) {
      expand(item, false);
      item.querySelector("[data-more]").focus();
    } else if (!wide.matches) {
      show(false);
    } else return;
    event.stopPropagation();
  } else if (event.key === "Tab" && !wide.matches) {
    const all = [...element.querySelectorAll("button, input")].filter((e) => e.offsetParent);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement === edge) {
      event.preventDefault();
      (event.shiftKey ? all.at(-1) : all[0]).focus();
    }
  }
});

let typing = 0;
element.addEventListener("input", (event) => {
  if (!event.target.matches(".og-search")) return;
  clearTimeout(typing);
  typing = setTimeout(() => trigger("search-conversations", { search: event.target.value }), 200);
});

watch("value", () => {
  // An open menu belonged to the row as it was.
  for (const item of element.querySelectorAll("li.og-expanded")) expand(item, false);
  behind(shown() && !wide.matches);
});

// What an answer does by itself: a quote shown beside its number, a reason asked for after a
// thumb down, copying. In a block of its own, so that no name meets those of other scripts.
{
  const home = element.closest(".contain") ?? document.body;

  // Kept apart from what the server sends: that is compared with the page and would undo it.
  const floating = (name) => {
    const box = document.createElement("div");
    box.className = name;
    box.popover = "manual";
    home.append(box);
    return box;
  };
  const open = (box) => box.matches(":popover-open");
  const copiesOf = (source) =>
    [...source.childNodes].map((node) => {
      const copy = node.cloneNode(true);
      copy.querySelectorAll?.("[id]").forEach((inside) => inside.removeAttribute("id"));
      return copy;
    });

  // Above what it belongs to where there is room (the page's top line covers 56 px), else below.
  const put = (box, by) => {
    const at = by.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = box;
    const above = at.top - height - 8 > 56;
    box.style.top = `${Math.round(above ? at.top - height - 8 : at.bottom + 8)}px`;
    const most = document.documentElement.clientWidth - width - 12;
    box.style.left = `${Math.round(Math.max(12, Math.min(at.left - 20, most)))}px`;
  };

  // The quote of a number. Screen readers have it as the button's description already.
  const quote = floating("og-pop");
  quote.setAttribute("aria-hidden", "true");
  let shownFor = null;
  let later = 0;

  const hideQuote = () => {
    clearTimeout(later);
    if (open(quote)) quote.hidePopover();
    shownFor = null;
  };
  const showQuote = (number) => {
    clearTimeout(later);
    const source = document.getElementById(number.getAttribute("aria-describedby"));
    if (!source || shownFor === number) return;
    quote.replaceChildren(...copiesOf(source));
    if (!open(quote)) quote.showPopover();
    shownFor = number;
    put(quote, number);
  };
  const soon = (what, after) => {
    clearTimeout(later);
    later = setTimeout(what, after);
  };
  const numberAt = (event) => event.target.closest?.(".og-cite[aria-describedby]");

  element.addEventListener("pointerover", (event) => {
    const number = numberAt(event);
    // A finger's tap opens the article instead.
    if (number && event.pointerType === "mouse") soon(() => showQuote(number), 120);
  });
  element.addEventListener("pointerout", (event) => {
    if (numberAt(event)) soon(hideQuote, 250);
  });
  quote.addEventListener("pointerenter", () => clearTimeout(later));
  quote.addEventListener("pointerleave", () => soon(hideQuote, 250));
  element.addEventListener("focusin", (event) => {
    const number = numberAt(event);
    if (number?.matches(":focus-visible")) showQuote(number);
  });
  element.addEventListener("focusout", (event) => {
    if (numberAt(event)) soon(hideQuote, 100);
  });

  // Why a thumb went down: one tap on a reason, or a few words.
  const reasons = floating("og-pop og-ask-why");
  reasons.setAttribute("role", "dialog");
  let thumb = null;
  let judged = null;

  const hideReasons = (back) => {
    if (!open(reasons)) return;
    reasons.hidePopover();
    if (back && thumb?.isConnected) thumb.focus({ preventScroll: true });
    thumb = judged = null;
  };
  const askWhy = (button) => {
    const source = button.closest(".og-exchange")?.querySelector(".og-reasons");
    if (!source) return;
    const { exchange, target, index, verdict } = button.dataset;
    thumb = button;
    judged = { exchange, target, index, verdict };
    reasons.setAttribute("aria-label", source.getAttribute("aria-label"));
    reasons.replaceChildren(...copiesOf(source));
    if (!open(reasons)) reasons.showPopover();
    put(reasons, button);
    reasons.querySelector("button").focus({ preventScroll: true });
  };
  const send = (reason) => {
    if (judged && reason) trigger("feedback", { ...judged, reason });
    hideReasons(true);
  };
  const ownWords = () => reasons.querySelector("input").value.trim();

  reasons.addEventListener("click", (event) => {
    const choice = event.target.closest("button");
    if (choice) send(choice.dataset.own ? ownWords() : choice.dataset.reason);
  });
  reasons.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault(); // the focus goes back to the thumb, and Enter would press it
    send(ownWords());
  });
  reasons.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !reasons.contains(event.relatedTarget)) hideReasons(false);
  });

  // Copying says that it did, to the eye and to the ear.
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const box = document.createElement("textarea"); // over plain http there is no clipboard
    box.value = text;
    home.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  };
  const say = (button, words) => {
    const before = button.textContent;
    button.textContent = words;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => {
      if (button.textContent === words) button.textContent = before;
    }, 1800);
  };

  element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    hideQuote();
    const { act, verdict, copy: text } = button.dataset;
    if (text) copy(text).then(() => say(button, button.dataset.done), () => {});
    if (act === "translate") {
      button.textContent = button.dataset.busy;
      button.setAttribute("aria-busy", "true");
    }
    if (act === "feedback") {
      const fresh = button.getAttribute("aria-pressed") !== "true";
      if (verdict === "down" && fresh) askWhy(button);
      else hideReasons(false);
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!reasons.contains(event.target) && event.target !== thumb) hideReasons(false);
  });
  // Before the article's own Escape, which would close the article as well.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(open(quote) || open(reasons))) return;
    event.stopImmediatePropagation();
    if (open(reasons)) hideReasons(true);
    else hideQuote();
  }, true);
  const follow = () => {
    if (shownFor && !shownFor.isConnected) hideQuote();
    if (shownFor) put(quote, shownFor);
    if (thumb && open(reasons)) put(reasons, thumb);
  };
  addEventListener("scroll", follow, { passive: true, capture: true });
  addEventListener("resize", follow);
  watch("value", follow);
}

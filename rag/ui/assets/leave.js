// The way out. The form is made here: only what is sent on purpose ends a login, no link does.
element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-leave]")) return;
  const form = document.createElement("form");
  form.method = "post";
  form.action = "logout";
  document.body.append(form);
  form.submit();
});

// The page's language is that of the interface; quotes and answers carry their own.
const tell = () => {
  const language = element.querySelector("[data-language]")?.dataset.language;
  if (language) document.documentElement.lang = language;
};
watch("value", tell);
tell();

// Files chosen or dropped go to the server one after the other, then all are read in one go.
// A batch waits until the one before is done.
const head = () => element.querySelector("[data-adder]");
const may = () => head()?.dataset.adder === "1";
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let sending = false;

const tell = (text) => {
  const line = element.querySelector(".og-lib-sending");
  if (line) line.textContent = text;
};

const sent = async (file) => {
  const about = { name: file.name, size: file.size, path: "" };
  if (file.size > Number(head().dataset.most)) return about;
  try {
    about.path = (await upload(file)).path;
  } catch (error) {
    console.warn(error);
  }
  return about;
};

const send = async (list) => {
  const files = [...list];
  if (!files.length || !may()) return;
  while (sending || document.querySelector("#og-lib-news [data-adding]")) await pause(200);
  sending = true;
  const all = [];
  for (const file of files) {
    const words = head().dataset.sending;
    tell(words.replace("{i}", all.length + 1).replace("{n}", files.length)
      .replace("{name}", () => file.name));
    all.push(await sent(file));
  }
  tell("");
  sending = false;
  trigger("arrive", { files: all });
};

element.addEventListener("click", (event) => {
  if (event.target.closest("[data-choose]")) element.querySelector("input[type=file]").click();
});
element.addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  const files = [...event.target.files];
  event.target.value = "";
  send(files);
});

// The whole page takes what is dropped.
const inView = () => may() && frame()?.offsetParent !== null;
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
let leaving = null;
const over = (event) => {
  if (!element.isConnected) return document.removeEventListener("dragover", over);
  if (!hasFiles(event) || !inView()) return;
  event.preventDefault();
  clearTimeout(leaving);
  frame().dataset.drop = head().dataset.drop;
  leaving = setTimeout(() => delete frame().dataset.drop, 300); // dragover comes again and again
};
const drop = (event) => {
  if (!element.isConnected) return document.removeEventListener("drop", drop);
  if (!hasFiles(event) || !inView()) return;
  event.preventDefault();
  delete frame().dataset.drop;
  send(event.dataTransfer.files);
};
document.addEventListener("dragover", over);
document.addEventListener("drop", drop);

// Whenever the page comes into view or another language is chosen, it is made anew.
let width = 0;
new ResizeObserver(() => {
  const now = element.parentElement.clientWidth;
  if (now > 0 && width === 0) trigger("shown", {});
  width = now;
}).observe(element.parentElement);
new MutationObserver((_, observer) => {
  if (!element.isConnected) observer.disconnect();
  else if (width > 0) trigger("shown", {});
}).observe(document.documentElement, { attributeFilter: ["lang"] });

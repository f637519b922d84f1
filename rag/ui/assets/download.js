// A file is made here, from text that came with an event: nothing of it is left on the server.
watch("file", () => {
  const { file } = props;
  if (!file?.name) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: `${file.kind};charset=utf-8` }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

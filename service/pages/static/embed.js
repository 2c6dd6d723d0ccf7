// A button that copies the tag, where the browser lets a page do that.
const code = document.querySelector("pre");
if (code && navigator.clipboard) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  });
  code.after(button);
}

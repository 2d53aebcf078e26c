// Single keys for people who work all night; they can be switched off (WCAG 2.1.4).
const STORE = "zhizhi-keys";
const show = () => { document.body.dataset.keys = isOn() ? "on" : "off"; };

export const isOn = () => localStorage.getItem(STORE) !== "off";
export function toggle() {
  localStorage.setItem(STORE, isOn() ? "off" : "on");
  show();
}

const isTyping = (element) => element.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

export function bind(actions) {
  show();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[name];
    if (!action || event.repeat && !"jk".includes(name) && !name.startsWith("Arrow")) return;
    if (!isOn() && event.key.length === 1) return;
    if (action(event) !== false) event.preventDefault();
  });
}

// Single keys for people who work all night; they can be switched off (WCAG 2.1.4).
const STORE = "zhizhi-keys";

export const isOn = () => localStorage.getItem(STORE) !== "off";
export const toggle = () => localStorage.setItem(STORE, isOn() ? "off" : "on");

const isTyping = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;

export function bind(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && isTyping(event.target)) { event.target.blur(); return; }
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actions[event.key];
    if (!action || (!isOn() && event.key !== "Escape")) return;
    if (action(event) !== false) event.preventDefault();
  });
}

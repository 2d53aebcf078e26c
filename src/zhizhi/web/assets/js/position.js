// Where the phone is: for a check-in when somebody presses the button for it; beside a photo only
// where the browser has permission already, so that no page asks by itself.
const held = new Map(); // what each form was told
const set = (target, found) => Object.entries(found).forEach(([name, value]) => {
  if (target.elements[name]) target.elements[name].value = value;
});
const placeOf = ({ coords }) => ({ lon: coords.longitude.toFixed(6), lat: coords.latitude.toFixed(6) });

export function locate(button) {
  const box = button.closest("[data-position]");
  const said = box.querySelector("[role=status]");
  const refused = () => { said.textContent = box.dataset.refused; };
  if (!navigator.geolocation) {
    refused();
    return;
  }
  said.textContent = box.dataset.asking;
  navigator.geolocation.getCurrentPosition((position) => {
    const accuracy = Math.round(position.coords.accuracy);
    held.set(button.closest("form"), {
      found: { ...placeOf(position), accuracy_m: accuracy, fixed_at: new Date(position.timestamp).toISOString() },
      told: box.dataset.found.replace("{n}", accuracy),
    });
    restorePosition();
  }, refused, { enableHighAccuracy: true, maximumAge: 30_000, timeout: 20_000 });
}

// A page that was drawn anew is told again what was found.
export function restorePosition() {
  held.forEach(({ found, told }, target) => {
    set(target, found);
    target.querySelector("[data-position] [role=status]").textContent = told;
  });
}

// A position counts for one check-in: whoever goes on is somewhere else.
export function forgetPosition(target) {
  const box = target.querySelector("[data-position]");
  if (!box) return;
  held.delete(target);
  set(target, { lon: "", lat: "", accuracy_m: "", fixed_at: "" });
  box.querySelector("[role=status]").textContent = "";
}

export async function place() {
  const asked = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
  if (asked?.state !== "granted") return;
  navigator.geolocation.getCurrentPosition((position) => {
    document.querySelectorAll("form[data-draft]:not(.patrol-form)").forEach((one) => set(one, placeOf(position)));
  }, () => {}, { maximumAge: 60_000, timeout: 8000 });
}

// The question "where": the device's position, if somebody presses the button for it.
import "./page.js";

const box = document.querySelector("[data-position]");
const told = box.querySelector("[role=status]");
const set = (name, value) => { box.querySelector(`[name=${name}]`).value = value; };

box.querySelector("button").addEventListener("click", () => {
  if (!navigator.geolocation) {
    told.textContent = box.dataset.refused;
    return;
  }
  told.textContent = box.dataset.asking;
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    set("lon", coords.longitude.toFixed(6));
    set("lat", coords.latitude.toFixed(6));
    set("accuracy", Math.round(coords.accuracy));
    told.textContent = box.dataset.found.replace("{n}", Math.round(coords.accuracy));
  }, () => { told.textContent = box.dataset.refused; }, { enableHighAccuracy: true, maximumAge: 30_000, timeout: 15_000 });
});

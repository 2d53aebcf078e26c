// Names on the map: of two that would overlap only the first is shown, zones before towns.
const GAP = 2; // pixels between two names
const meets = (a, b) => a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom + GAP && b.top < a.bottom + GAP;

export function declutter(element) {
  const far = element.dataset.near !== "true";
  const kept = [];
  const names = ["zone", "town"].flatMap((kind) => [...element.querySelectorAll(`.leaflet-tooltip.${kind}`)]);
  const boxes = names.map((name) => name.getBoundingClientRect()); // read all, then write all
  names.forEach((name, place) => {
    const box = boxes[place];
    const isShown = !(far && name.classList.contains("zone")) && !kept.some((one) => meets(one, box));
    if (isShown) kept.push(box);
    name.classList.toggle("crowded", !isShown);
  });
}

// Draw rectangles over bystanders; each fills one row of the form, which works without this script.
const stage = document.querySelector("[data-mask]");
const form = document.querySelector("[data-mask-form]");

function rowsOf(element) {
  return [...element.querySelectorAll("[data-region]")].map((row) => [...row.querySelectorAll("input")]);
}

function scaleOf(image) {
  return image.naturalWidth / image.clientWidth;
}

function draw(image) {
  stage.querySelectorAll(".region").forEach((box) => box.remove());
  for (const inputs of rowsOf(form)) {
    const [left, top, width, height] = inputs.map((input) => Number(input.value));
    if (!width || !height) continue;
    const box = document.createElement("div");
    box.className = "region";
    const scale = scaleOf(image);
    Object.assign(box.style, {
      left: `${left / scale}px`, top: `${top / scale}px`,
      width: `${width / scale}px`, height: `${height / scale}px`,
    });
    stage.append(box);
  }
}

function pointIn(image, event) {
  const frame = image.getBoundingClientRect();
  const scale = scaleOf(image);
  const x = Math.min(Math.max(event.clientX - frame.left, 0), frame.width) * scale;
  const y = Math.min(Math.max(event.clientY - frame.top, 0), frame.height) * scale;
  return [Math.round(x), Math.round(y)];
}

function start() {
  const image = stage.querySelector("img");
  let from = null;
  let inputs = null;
  const stretch = (event) => {
    const [x, y] = pointIn(image, event);
    const values = [Math.min(from[0], x), Math.min(from[1], y), Math.abs(x - from[0]), Math.abs(y - from[1])];
    inputs.forEach((input, index) => { input.value = values[index]; });
    draw(image);
  };
  stage.addEventListener("pointerdown", (event) => {
    inputs = rowsOf(form).find((row) => row.every((input) => input.value === ""));
    if (!inputs) return;
    event.preventDefault();
    from = pointIn(image, event);
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => { if (from) stretch(event); });
  stage.addEventListener("pointerup", (event) => {
    if (!from) return;
    stretch(event);
    if (Number(inputs[2].value) < 4 || Number(inputs[3].value) < 4) {
      inputs.forEach((input) => { input.value = ""; });
      draw(image);
    }
    from = null;
  });
  stage.addEventListener("pointercancel", () => { from = null; });
  form.addEventListener("input", () => draw(image));
  window.addEventListener("resize", () => draw(image));
  draw(image);
  stage.dataset.ready = "";
}

// A picture that is still on its way has no size: a rectangle drawn over it would be nowhere.
if (stage && form) stage.querySelector("img").decode().then(start, () => {});

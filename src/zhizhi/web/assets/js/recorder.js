// A voice note: recorded in the page, heard before it is sent, at most a minute. Where the browser
// has no microphone for the page the part stays hidden; words are the way.
import { Downsampler, LONGEST_S, RATE, fileOf } from "./wav.js";

const BLOCK = 4096;
const Context = window.AudioContext ?? window.webkitAudioContext;
const can = Boolean(navigator.mediaDevices?.getUserMedia && Context && window.DataTransfer);
const heard = new WeakMap(); // where each recording can be heard
let running = null;

export const isRecording = () => running !== null;
// A page that was drawn anew knows nothing of what was recorded in it: it is told again.
export function offer() {
  document.documentElement.classList.toggle("can-record", can);
  document.querySelectorAll(".voice").forEach((box) => { if (running?.box !== box) show(box); });
}

const part = (box, name) => box.querySelector(`[data-${name}]`);

function show(box, seconds = 0) {
  const isOn = running?.box === box;
  const has = !isOn && box.querySelector("[type=file]").files.length > 0;
  part(box, "record").hidden = isOn || has;
  part(box, "stop").hidden = !isOn;
  part(box, "listen").hidden = !has;
  part(box, "erase").hidden = !has;
  if (has && part(box, "listen").getAttribute("src") !== heard.get(box)) part(box, "listen").src = heard.get(box);
  const said = box.querySelector("[role=status]");
  if (isOn) said.textContent = box.dataset.running.replace("{n}", seconds).replace("{most}", LONGEST_S);
  else if (has) said.textContent = box.dataset.has;
  else said.textContent = "";
}

function keep(box, bytes) {
  const held = new DataTransfer();
  held.items.add(new File([bytes], "voice.wav", { type: "audio/wav" }));
  box.querySelector("[type=file]").files = held.files;
  heard.set(box, URL.createObjectURL(held.files[0]));
}

export function erase(box) {
  box.querySelector("[type=file]").value = "";
  if (heard.has(box)) URL.revokeObjectURL(heard.get(box));
  heard.delete(box);
  part(box, "listen").removeAttribute("src");
  show(box);
}

export async function stop() {
  if (!running) return;
  const { box, stream, context, node, blocks, count } = running;
  running = null;
  node.disconnect();
  stream.getTracks().forEach((track) => track.stop());
  await context.close();
  if (count) keep(box, fileOf(blocks));
  show(box);
}

function listenTo(stream, box) {
  const context = new Context();
  const node = context.createScriptProcessor(BLOCK, 1, 1); // in every browser, without a file of its own
  const down = new Downsampler(context.sampleRate);
  const mine = { box, stream, context, node, blocks: [], count: 0 };
  node.onaudioprocess = ({ inputBuffer }) => {
    if (running !== mine) return;
    const block = down.push(inputBuffer.getChannelData(0));
    mine.blocks.push(block);
    mine.count += block.length;
    if (mine.count >= RATE * LONGEST_S) stop();
    else show(box, Math.floor(mine.count / RATE));
  };
  context.createMediaStreamSource(stream).connect(node);
  node.connect(context.destination);
  return mine;
}

async function record(box) {
  if (running) await stop();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    running = listenTo(stream, box);
    show(box);
  } catch {
    box.querySelector("[role=status]").textContent = box.dataset.refused;
  }
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".voice");
  if (!box) return;
  if (event.target.closest("[data-record]")) record(box);
  if (event.target.closest("[data-stop]")) stop();
  if (event.target.closest("[data-erase]")) erase(box);
});
document.addEventListener("reset", (event) => {
  const box = event.target.querySelector(".voice");
  if (box) setTimeout(() => erase(box));
});
addEventListener("pagehide", stop);

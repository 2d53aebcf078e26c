// Sound as every browser can play it and the server can check: 16,000 samples a second, 16 bits,
// one channel, in a plain WAV file.
export const RATE = 16_000;
export const LONGEST_S = 60;
const HEADER = 44;

// Makes samples of a device's rate into ours: each of ours is the mean of those that it covers.
export class Downsampler {
  constructor(from) {
    this.ratio = from / RATE;
    this.left = new Float32Array(0);
    this.made = 0; // of ours
    this.gone = 0; // of the device's, counted from the first, so that rounding does not add up
  }

  push(block) {
    const all = new Float32Array(this.left.length + block.length);
    all.set(this.left);
    all.set(block, this.left.length);
    const out = [];
    for (;;) {
      const first = Math.floor(this.made * this.ratio) - this.gone;
      const last = Math.max(first + 1, Math.floor((this.made + 1) * this.ratio) - this.gone);
      if (last > all.length) break;
      let sum = 0;
      for (let place = first; place < last; place += 1) sum += all[place];
      out.push(Math.max(-1, Math.min(1, sum / (last - first))) * 32767);
      this.made += 1;
    }
    const begun = Math.floor(this.made * this.ratio) - this.gone;
    this.left = all.slice(begun);
    this.gone += Math.min(begun, all.length);
    return Int16Array.from(out, Math.round);
  }
}

// Returns the bytes of a file; what is longer than a minute is cut.
export function fileOf(blocks) {
  const whole = blocks.reduce((sum, block) => sum + block.length, 0);
  const count = Math.min(whole, RATE * LONGEST_S);
  const view = new DataView(new ArrayBuffer(HEADER + 2 * count));
  const text = (place, letters) => [...letters].forEach((one, n) => view.setUint8(place + n, one.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER - 8 + 2 * count, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([place, value]) => view.setUint16(place, value, true));
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  text(36, "data");
  view.setUint32(40, 2 * count, true);
  let place = HEADER;
  for (const block of blocks) {
    for (const sample of block) {
      if (place >= view.byteLength) return view.buffer;
      view.setInt16(place, sample, true);
      place += 2;
    }
  }
  return view.buffer;
}

import assert from "node:assert/strict";
import test from "node:test";
import { Downsampler, LONGEST_S, RATE, fileOf } from "../wav.js";

const text = (view, place, length) => String.fromCharCode(...new Uint8Array(view.buffer, place, length));
const pushed = (from, blocks) => {
  const down = new Downsampler(from);
  return blocks.flatMap((block) => [...down.push(Float32Array.from(block))]);
};
const tone = (rate, seconds) => Array.from({ length: rate * seconds }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 400 * n) / rate));

test("a file says what it is and how long", () => {
  const view = new DataView(fileOf([Int16Array.from([1, -2]), Int16Array.from([3])]));
  assert.equal(view.byteLength, 50);
  assert.deepEqual([text(view, 0, 4), text(view, 8, 8), text(view, 36, 4)], ["RIFF", "WAVEfmt ", "data"]);
  assert.deepEqual([view.getUint32(4, true), view.getUint32(40, true)], [42, 6]);
  assert.deepEqual([20, 22, 32, 34].map((place) => view.getUint16(place, true)), [1, 1, 2, 16]);
  assert.deepEqual([view.getUint32(24, true), view.getUint32(28, true)], [16000, 32000]);
  assert.deepEqual([44, 46, 48].map((place) => view.getInt16(place, true)), [1, -2, 3]);
});

for (const [over, kept] of [[-1, -1], [0, 0], [1, 0]]) {
  test(`a minute and ${over} samples are cut at a minute`, () => {
    const most = RATE * LONGEST_S;
    assert.equal(fileOf([new Int16Array(most + over)]).byteLength, 44 + 2 * (most + kept));
  });
}

for (const rate of [8000, 16000, 22050, 44100, 48000, 96000]) {
  test(`sound at ${rate} Hz has as long and as high a tone at ours`, () => {
    const found = pushed(rate, [tone(rate, 1)]);
    assert.ok(Math.abs(found.length - RATE) <= 2, `${found.length} samples`);
    const crossings = found.filter((one, n) => n && Math.sign(one) > 0 && Math.sign(found[n - 1]) <= 0).length;
    assert.ok(Math.abs(crossings - 400) <= 2, `${crossings} waves`);
    assert.ok(Math.max(...found) > 14000 && Math.max(...found) <= 16400, `${Math.max(...found)} high`);
  });
}

test("where the blocks are cut changes nothing", () => {
  const whole = tone(44100, 0.2);
  const blocks = [whole.slice(0, 1), whole.slice(1, 1000), whole.slice(1000, 1001), whole.slice(1001)];
  assert.deepEqual(pushed(44100, blocks), pushed(44100, [whole]));
});

test("what is too loud is cut, not turned round", () => {
  assert.deepEqual(pushed(16000, [[2, -2, 0]]), [32767, -32767, 0]);
});

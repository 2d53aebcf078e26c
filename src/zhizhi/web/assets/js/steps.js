// Which of ``count`` columns a key leads to from ``at`` (-1: none yet); null when the key means nothing.
const MOVES = {
  __proto__: null,
  ArrowRight: (at, count) => Math.min(at + 1, count - 1),
  ArrowLeft: (at, count) => (at < 0 ? count - 1 : Math.max(at - 1, 0)),
  Home: () => 0,
  End: (at, count) => count - 1,
  Escape: () => -1,
};

export const stepped = (key, at, count) => (count > 0 && MOVES[key] ? MOVES[key](at, count) : null);

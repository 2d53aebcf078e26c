// Whether a unit can be sent to a case, as far as the page knows; the server knows better.
const listed = (text) => (text ?? "").split(" ").filter(Boolean);

// A unit as its row on the board tells it, and as its mark on the map does.
export const unitOfRow = ({ unit, name, able, refuses }) => ({ id: unit, name, able: listed(able), refuses: refuses ?? "" });
export function unitOfMark({ id, label, kind, able }, words) {
  const [name, told = ""] = label.split("\n");
  const refuses = kind === "free" ? "" : words.busy.replace("{unit}", name).replace("{status}", told.split(" · ")[0]);
  return { id: String(id), name, able: listed(able), refuses };
}

// Why this unit cannot be sent to this case; empty when it can. Either may be unknown to the page.
export function refusal(unit, row, words) {
  if (unit?.refuses) return unit.refuses;
  if (row?.refuses) return row.refuses;
  const canDo = !unit?.able || !row || listed(row.needs).every((need) => unit.able.includes(need));
  return canDo ? "" : words.unfit;
}

// Loads a history that `cargo run -p anabranch-core --example write_history -- FILE` wrote with the JavaScript automerge,
// and compares heads, every register with all of its concurrent values, and what a saved document gives back.
//
//   npm ci && node compare.mjs FILE

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as Automerge from "@automerge/automerge";

const bytesOf = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

/** A signed LEB128 integer. */
function signed(bytes) {
  let number = 0n;
  bytes.forEach((byte, at) => (number |= BigInt(byte & 0x7f) << BigInt(7 * at)));
  return BigInt.asIntN(7 * bytes.length, number);
}

/** What a scalar of this type code is in JavaScript. */
function scalar(code, bytes) {
  switch (code) {
    case 0: return null;
    case 1: return false;
    case 2: return true;
    case 4: return Number(signed(bytes));
    case 5: return new DataView(bytes.buffer).getFloat64(0, true);
    case 6: return new TextDecoder().decode(bytes);
    case 7: return bytes;
    case 9: return new Date(Number(signed(bytes)));
  }
  throw new Error(`type code ${code}`);
}

/** Scalar strings come as a class of their own; everything else as it is. */
const plain = (value) => (Automerge.isImmutableString?.(value) ? value.val : value);

const history = JSON.parse(readFileSync(process.argv[2], "utf8"));
const changes = history.changes.map(bytesOf);
const [document] = Automerge.applyChanges(Automerge.init(), changes);

assert.deepEqual(Automerge.getHeads(document).toSorted(), history.heads);
assert.equal(Object.keys(document).length, history.registers.length);

let values = 0;
let conflicts = 0;
for (const [hexName, raw] of history.registers) {
  const name = new TextDecoder().decode(bytesOf(hexName));
  const all = Automerge.getConflicts(document, name) ?? { [raw[0][0]]: document[name] };
  const theirs = Object.fromEntries(Object.entries(all).map(([op, value]) => [op, plain(value)]));
  const ours = Object.fromEntries(raw.map(([op, code, hex]) => [op, scalar(code, bytesOf(hex))]));
  assert.deepEqual(theirs, ours, JSON.stringify(name));
  values += raw.length;
  conflicts += raw.length > 1 ? 1 : 0;
}

// A saved document gives every change back under its hash.
const hashes = (changes) => changes.map((change) => Automerge.decodeChange(change).hash).toSorted();
const again = Automerge.load(Automerge.save(document));
assert.deepEqual(hashes(Automerge.getAllChanges(again)), hashes(changes));
assert.ok(values > 100 && conflicts > 0);
console.log(`${changes.length} changes, ${history.registers.length} registers, ${values} values, ${conflicts} in conflict: equal`);

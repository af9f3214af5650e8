// Runs NAME.mjs on sets of inputs. In, on standard input: the number of sets and of runs of each, 32 bits each, then the inputs; out: the outputs.
import { readFileSync, writeSync } from "node:fs";

const { load } = await import(process.argv[2]);
const net = await load();
const data = readFileSync(0);
let at = 8;
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
for (let set = 0; set < data.readUInt32LE(0); set++) {
  for (const { name } of net.inputs) {
    const to = bytes(net.input(name));
    to.set(data.subarray(at, at + to.length));
    at += to.length;
  }
  for (let run = 0; run < data.readUInt32LE(4); run++) net.run();
  for (const { name } of net.outputs) {
    const from = bytes(net.output(name));
    for (let done = 0; done < from.length; ) done += writeSync(1, from, done);
  }
}

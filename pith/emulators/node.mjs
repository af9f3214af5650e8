// Runs NAME.mjs on sets of inputs. In, on standard input: the number of sets and of runs of each, 32 bits each, then the inputs;
// out: the outputs, then the milliseconds of every run, 64-bit floats.
import { readFileSync, writeSync } from "node:fs";

const { load } = await import(process.argv[2]);
const net = await load();
const data = readFileSync(0);
let at = 8;
const times = [];
const put = (from) => {
  for (let done = 0; done < from.length; ) done += writeSync(1, from, done);
};
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
for (let set = 0; set < data.readUInt32LE(0); set++) {
  for (const { name } of net.inputs) {
    const to = bytes(net.input(name));
    to.set(data.subarray(at, at + to.length));
    at += to.length;
  }
  for (let run = 0; run < data.readUInt32LE(4); run++) {
    const began = performance.now();
    net.run();
    times.push(performance.now() - began);
  }
  for (const { name } of net.outputs) put(bytes(net.output(name)));
}
put(bytes(Float64Array.from(times)));

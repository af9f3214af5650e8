// __NAME__.mjs - runs __NAME__.wasm in a browser or in Node. No dependencies.
//
//   import { load } from "./__NAME__.mjs";
//   const net = await load();
//   const results = net.run({ input: new Float32Array(...) });

/** The network: names, element types and shapes of its inputs and outputs. */
export const network = __NETWORK__;

const ARRAYS = {
  Float32Array, Float64Array, Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array,
};

async function bytesOf(source) {
  const url = source instanceof URL ? source : null;
  if (url && url.protocol === "file:" && globalThis.process?.versions?.node) {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const answer = source instanceof Response ? source : await fetch(source);
  if (!answer.ok) throw new Error(`${network.name}: ${answer.url} could not be loaded (${answer.status} ${answer.statusText})`);
  return answer.arrayBuffer();
}

async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  const plain = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  const bytes = plain ? source : await bytesOf(source);
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new Error(`${network.name}: this engine cannot compile the network; it needs ${network.needs} (${cause.message})`, { cause });
  }
}

/**
 * Load the network. `source`: where NAME.wasm is (a URL, a Response, its bytes or a WebAssembly.Module); beside this
 * file unless it is given. Each call gives a network with a memory of its own.
 */
export async function load(source = new URL("./__NAME__.wasm", import.meta.url)) {
  return new Network(await WebAssembly.instantiate(await compiled(source), {}));
}

export class Network {
  #exports;
  #variant = 0;
  #views = new Map();

  constructor(instance) {
    this.#exports = instance.exports;
  }

  /** Inputs and outputs of the set of shapes in use. */
  get inputs() {
    return network.variants[this.#variant].inputs;
  }
  get outputs() {
    return network.variants[this.#variant].outputs;
  }

  /** Bytes of memory the network takes in all: code, weights, arena, inputs and outputs. */
  get bytes() {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Use the k-th set of shapes the network was compiled for. */
  select(k) {
    if (!network.variants[k]) throw new RangeError(`${network.name}: set of shapes ${k}; there are ${network.variants.length}`);
    this.#variant = k;
  }

  #port(side, name) {
    const port = this[side].find((p) => p.name === name);
    if (port) return port;
    const known = this[side].map((p) => JSON.stringify(p.name)).join(", ");
    throw new TypeError(`${network.name}: no ${side.slice(0, -1)} is called ${JSON.stringify(name)}; there are: ${known}`);
  }

  #view(port) {
    const key = `${port.array} ${port.offset} ${port.length}`;
    let view = this.#views.get(key);
    if (!view) {
      const { memory, pith_ports: base } = this.#exports;
      view = new ARRAYS[port.array](memory.buffer, base.value + port.offset, port.length);
      this.#views.set(key, view);
    }
    return view;
  }

  /** The memory of an input: fill it, call run(), and nothing is copied. */
  input(name) {
    return this.#view(this.#port("inputs", name));
  }

  /** The memory of an output, overwritten by the next run. */
  output(name) {
    return this.#view(this.#port("outputs", name));
  }

  #write(port, value) {
    const view = this.#view(port);
    if (value === view) return;
    const where = `${network.name}: input ${JSON.stringify(port.name)}`;
    const wanted = `a ${port.array} of ${port.length} elements (${port.dtype} [${port.shape}])`;
    const bytes = port.array === "Uint8Array" && value instanceof Uint8ClampedArray;
    if (!(value instanceof ARRAYS[port.array] || bytes)) {
      const got = value === null || typeof value !== "object" ? String(value) : value.constructor?.name;
      throw new TypeError(`${where} wants ${wanted}, and got ${got}`);
    }
    if (value.length !== port.length) throw new RangeError(`${where} wants ${wanted}, and got ${value.length} elements`);
    view.set(value);
  }

  #fit(feeds) {
    const fits = (v) => v.inputs.every((p) => !(p.name in feeds) || feeds[p.name]?.length === p.length);
    if (network.variants.length < 2 || fits(network.variants[this.#variant])) return;
    const k = network.variants.findIndex(fits);
    if (k >= 0) this.#variant = k;
  }

  /**
   * Run the network. `feeds`: typed arrays by the name of the input; an input that is left out keeps what its memory
   * holds. Of several sets of shapes the one that fits is taken. Returns typed arrays of their own by the name of the output.
   */
  run(feeds = {}) {
    this.#fit(feeds);
    for (const [name, value] of Object.entries(feeds)) this.#write(this.#port("inputs", name), value);
    const code = this.#exports[`pith_run_${this.#variant}`]();
    if (code !== 0) throw new Error(`${network.name}: the network refused to run (${code})`);
    return Object.fromEntries(this.outputs.map((p) => [p.name, this.#view(p).slice()]));
  }
}

/** The input that takes a picture ({name, channels, height, width, first}), or null. */
export function picturePort() {
  const { inputs } = network.variants[0];
  const { shape, name, dtype, array } = inputs.length === 1 ? inputs[0] : { shape: [] };
  const s = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  if (s.length !== 3 || !["float32", "uint8", "int8"].includes(dtype)) return null;
  const first = s[0] === 1 || s[0] === 3;
  if (!first && s[2] !== 1 && s[2] !== 3) return null;
  const [channels, height, width] = first ? s : [s[2], s[0], s[1]];
  return { name, dtype, array, channels, height, width, first };
}

/**
 * Pixels (RGBA bytes, of the size picturePort() says) as the network wants them: (x * scale - mean) / std by channel,
 * as the model records it; integers take the pixels, moved by the recorded offset.
 */
export function prepare(rgba) {
  const port = picturePort();
  if (!port) throw new TypeError(`${network.name}: it takes no picture`);
  const count = port.width * port.height;
  if (rgba.length !== 4 * count) throw new RangeError(`${network.name}: a picture of ${port.width} x ${port.height} has ${4 * count} bytes of RGBA, and this ${rgba.length}`);
  const how = { layout: "RGB", scale: 1, mean: 0, std: 1, offset: 0, ...JSON.parse(network.metadata["pith.preprocess"] ?? "{}") };
  const at = (list, c) => (Array.isArray(list) ? list[c % list.length] : list);
  const result = new ARRAYS[port.array](count * port.channels);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < port.channels; c++) {
      const k = 4 * i;
      const x = port.channels === 1 ? 0.299 * rgba[k] + 0.587 * rgba[k + 1] + 0.114 * rgba[k + 2] : rgba[k + (how.layout === "BGR" ? 2 - c : c)];
      const to = port.first ? c * count + i : i * port.channels + c;
      result[to] = port.dtype === "float32" ? (x * how.scale - at(how.mean, c)) / at(how.std, c) : Math.round(x) + how.offset;
    }
  }
  return result;
}

// __NAME__.d.mts - types of __NAME__.mjs

__PORTS__

/** One input or output. Small floats and 4-bit integers are given as they are stored: bits, or a byte each. */
export interface Port {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly array: string;
  readonly length: number;
}

/** The network: names, element types and shapes of its inputs and outputs, for each set of shapes it was compiled for. */
export const network: {
  readonly name: string;
  readonly build: string;
  readonly needs: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly variants: readonly { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] }[];
};

export type Source = URL | string | Response | ArrayBuffer | ArrayBufferView | WebAssembly.Module;

/** Load the network; without `source` from the .wasm file beside the module. Each has a memory of its own. */
export function load(source?: Source): Promise<Network>;

export class Network {
  private constructor(instance: WebAssembly.Instance);
  /** Inputs and outputs of the set of shapes in use. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Bytes of memory the network takes in all. */
  readonly bytes: number;
  /** Use the k-th set of shapes. Throws RangeError. */
  select(k: number): void;
  /** The memory of an input: fill it, call run(), and nothing is copied. Throws TypeError for an unknown name. */
  input<K extends keyof Inputs>(name: K): Inputs[K];
  /** The memory of an output, overwritten by the next run. */
  output<K extends keyof Outputs>(name: K): Outputs[K];
  /** Run; an input that is left out keeps what its memory holds. Throws TypeError or RangeError for a wrong array. */
  run(feeds?: Partial<Inputs>): Outputs;
}

/** The input that takes a picture, or null. `first`: channels come before height and width. */
export function picturePort(): {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly first: boolean;
} | null;

/** RGBA bytes of a picture of that size as the network's input, prepared as the model records it. */
export function prepare(rgba: Uint8ClampedArray | Uint8Array): Inputs[keyof Inputs];

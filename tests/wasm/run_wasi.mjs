// Runs a WebAssembly program (wasm32-wasi) of ours to its end: arguments and standard input in,
// standard output and the exit code out. Only the calls that such a program needs. node's own WASI
// is no use: node 20 dies of a segmentation fault when a program's memory has grown to 100 MB.

const EBADF = 8;
const ENOSYS = 52;

class Exit extends Error {
  constructor(code) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

// {code, output}. What it writes to standard error goes to this process's.
export function runWasi(module, { args, input = new Uint8Array() }) {
  let memory = null;
  let read = 0;
  const output = [];
  const texts = args.map((text) => Buffer.from(`${text}\0`));
  const view = () => new DataView(memory.buffer);
  // Calls use(part of the memory) for each vector, until it answers less than that has.
  function each(vectors, count, use) {
    let size = 0;
    for (let at = vectors; at < vectors + count * 8; at += 8) {
      const length = view().getUint32(at + 4, true);
      const done = use(new Uint8Array(memory.buffer, view().getUint32(at, true), length));
      size += done;
      if (done < length) break;
    }
    return size;
  }
  const calls = {
    args_sizes_get(count, size) {
      view().setUint32(count, texts.length, true);
      view().setUint32(size, texts.reduce((sum, text) => sum + text.length, 0), true);
      return 0;
    },
    args_get(pointers, at) {
      for (const [index, text] of texts.entries()) {
        view().setUint32(pointers + index * 4, at, true);
        new Uint8Array(memory.buffer, at, text.length).set(text);
        at += text.length;
      }
      return 0;
    },
    environ_sizes_get(count, size) {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    fd_read(descriptor, vectors, count, done) {
      if (descriptor !== 0) return EBADF;
      const size = each(vectors, count, (part) => {
        const bytes = input.subarray(read, read + part.length);
        part.set(bytes);
        read += bytes.length;
        return bytes.length;
      });
      view().setUint32(done, size, true);
      return 0;
    },
    fd_write(descriptor, vectors, count, done) {
      if (descriptor !== 1 && descriptor !== 2) return EBADF;
      const size = each(vectors, count, (part) => {
        if (descriptor === 1) output.push(Buffer.from(part));
        else process.stderr.write(Buffer.from(part));
        return part.length;
      });
      view().setUint32(done, size, true);
      return 0;
    },
    proc_exit(code) {
      throw new Exit(code);
    },
  };
  const wasi = new Proxy(calls, { get: (known, name) => known[name] ?? (() => ENOSYS) });
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi });
  memory = instance.exports.memory;
  let code = 0;
  try {
    instance.exports._start();
  } catch (end) {
    if (!(end instanceof Exit)) throw end;
    code = end.code;
  }
  return { code, output: Buffer.concat(output).toString("utf8") };
}

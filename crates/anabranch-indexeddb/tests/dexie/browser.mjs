// What dexie-export-import needs of a browser, for Node: IndexedDB in memory, and the file interfaces.
import 'fake-indexeddb/auto';

/** A File whose bytes can be read at once, as the exporter does with a synchronous request. */
class ReadableFile extends Blob {
  constructor(parts, name, { type = '', lastModified = Date.now() } = {}) {
    super(parts, { type });
    this.bytes = Buffer.concat(parts.map(part => Buffer.from(part)));
    Object.defineProperties(this, { name: { value: name }, lastModified: { value: lastModified } });
  }
  get [Symbol.toStringTag]() { return 'File'; }
}

class ImageData {
  constructor(data, width, height) {
    Object.defineProperties(this, { data: { value: data }, width: { value: width }, height: { value: height } });
  }
  get [Symbol.toStringTag]() { return 'ImageData'; }
}

class FileReader {
  readAsArrayBuffer(blob) {
    blob.arrayBuffer().then(result => { this.result = result; this.onload({ target: this }); }, error => this.onerror({ target: { error } }));
  }
}

const urls = new Map();
class XMLHttpRequest {
  overrideMimeType() {}
  open(_method, url) { this.bytes = urls.get(url); }
  send() { [this.status, this.responseText] = [200, this.bytes.toString('latin1')]; }
}
URL.createObjectURL = file => { const url = `blob:${urls.size}`; urls.set(url, file.bytes); return url; };

const clone = globalThis.structuredClone;

/** Structured clone with the interfaces above: by reference, for they never change. */
function structuredClone(value, seen = new Map()) {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Blob || value instanceof ImageData) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = made => { seen.set(value, made); return made; };
  const properties = made => { for (const name of Object.keys(value)) Object.defineProperty(made, name, { value: structuredClone(value[name], seen), enumerable: true, writable: true, configurable: true }); return made; };
  if (Array.isArray(value)) return properties(keep(new Array(value.length)));
  if (value instanceof Map) { const made = keep(new Map()); for (const [k, v] of value) made.set(structuredClone(k, seen), structuredClone(v, seen)); return made; }
  if (value instanceof Set) { const made = keep(new Set()); for (const item of value) made.add(structuredClone(item, seen)); return made; }
  if (value instanceof DataView) return keep(new DataView(structuredClone(value.buffer, seen), value.byteOffset, value.byteLength));
  if (ArrayBuffer.isView(value)) return keep(new value.constructor(structuredClone(value.buffer, seen), value.byteOffset, value.length));
  const tag = Object.prototype.toString.call(value);
  return tag === '[object Object]' ? properties(keep({})) : keep(clone(value));
}

Object.assign(globalThis, { self: globalThis, File: ReadableFile, ImageData, FileReader, XMLHttpRequest, structuredClone: value => structuredClone(value) });

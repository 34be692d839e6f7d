// As much of the two protocols' clients as the benchmark needs. Each keeps the updates that it gets
// and makes a document of them when it is asked for the text, so that the clients stay cheap.
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as sync from 'y-protocols/sync';
import WebSocket from 'ws';
import * as Y from 'yjs';

class Client {
  constructor() {
    this.bytes = 0;
    this.received = 0;
    this.updates = [];
  }
  open(url) {
    this.socket = new WebSocket(url, { maxPayload: 256 * 1024 * 1024 });
    this.socket.binaryType = 'nodebuffer';
    this.socket.on('message', (data) => {
      this.bytes += data.length;
      this.handle(data);
    });
    return new Promise((done, failed) => {
      this.socket.once('open', done);
      this.socket.once('error', failed);
    });
  }
  take(update) {
    ++this.received;
    this.updates.push(update);
  }
  document() {
    this.doc ??= new Y.Doc();
    this.doc.transact(() => {
      for (const update of this.updates.splice(0)) Y.applyUpdate(this.doc, update);
    });
    return this.doc;
  }
  length() {
    return this.document().getText('t').length;
  }
  text() {
    return this.document().getText('t').toString();
  }
  close() {
    this.socket.terminate();
  }
}

export class pluv extends Client {
  constructor(port) {
    super();
    this.port = port;
  }
  say(type, data) {
    this.socket.send(JSON.stringify({ type, data }));
  }
  async join(whole) {
    await this.open(`ws://127.0.0.1:${this.port}/api/pluv/room/bench`);
    const update = whole ? Buffer.from(whole).toString('base64') : '';
    const joined = new Promise((done) => {
      this.joined = done;
    });
    this.say('$initializeSession', { presence: {}, update });
    await joined;
  }
  handle(data) {
    const { type, data: content } = JSON.parse(data);
    if (type === '$storageReceived') {
      this.updates.push(Buffer.from(content.state, 'base64'));
      this.say('$updateStorage', { origin: '$initialized', update: content.state });
      this.joined();
    } else if (type === '$storageUpdated') {
      this.take(Buffer.from(content.state, 'base64'));
    }
  }
  send(update) {
    this.say('$updateStorage', { origin: null, update: Buffer.from(update).toString('base64') });
  }
}

const kSync = 0;

export class Hocuspocus extends Client {
  constructor(port) {
    super();
    this.port = port;
  }
  message(write) {
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, 'bench');
    encoding.writeVarUint(encoder, kSync);
    write(encoder);
    this.socket.send(encoding.toUint8Array(encoder));
  }
  async join(whole) {
    await this.open(`ws://127.0.0.1:${this.port}`);
    const joined = new Promise((done) => {
      this.joined = done;
    });
    // Its first message has to be the authentication.
    const encoder = encoding.createEncoder();
    encoding.writeVarString(encoder, 'bench');
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarString(encoder, '');
    encoding.writeVarString(encoder, '4.7.0');
    this.socket.send(encoding.toUint8Array(encoder));
    this.message((out) => sync.writeSyncStep1(out, new Y.Doc()));
    await joined;
    if (whole) this.send(whole);
  }
  handle(data) {
    const decoder = decoding.createDecoder(data);
    decoding.readVarString(decoder);
    if (decoding.readVarUint(decoder) !== kSync) return;
    const kind = decoding.readVarUint(decoder);
    if (kind === sync.messageYjsSyncStep1) return;
    const update = decoding.readVarUint8Array(decoder);
    if (kind === sync.messageYjsSyncStep2) {
      this.updates.push(update);
      this.joined();
    } else {
      this.take(update);
    }
  }
  send(update) {
    this.message((out) => sync.writeUpdate(out, update));
  }
}

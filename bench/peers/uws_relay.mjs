// Each message goes to all of its room, by uWebSockets' publish.
import { createRequire } from 'node:module';

const uws = createRequire(import.meta.url)('@trufflesuite/uws-js-unofficial');
const app = uws.App().ws('/*', {
  maxPayloadLength: 16 * 1024 * 1024,
  maxBackpressure: 64 * 1024 * 1024,
  idleTimeout: 0,
  upgrade(response, request, context) {
    response.upgrade(
      { room: request.getUrl() },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open: (socket) => socket.subscribe(socket.room),
  message: (socket, data) => app.publish(socket.room, data, false),
});
app.listen('127.0.0.1', 0, (listening) => console.log(`port ${uws.us_socket_local_port(listening)}`));

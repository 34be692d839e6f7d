// @y/websocket-server as its own server.js sets it up, on a port of its own choice.
import { setupWSConnection } from '@y/websocket-server/utils';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' }, () => {
  console.log(`port ${server.address().port}`);
});
server.on('connection', setupWSConnection);

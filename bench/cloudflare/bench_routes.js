// What the bench asks of its workers, beside rooms: to collect garbage, so that memory is what is
// held, and how many objects were made, by which an eviction shows.
const prefix = "/api/pluv/room/";

let made = 0;

export function countObject() {
  ++made;
}

// undefined: not one of these.
export function benchRoute(request) {
  switch (new URL(request.url).pathname) {
    case "/bench/collect":
      globalThis.gc();
      return new Response(null, { status: 204 });
    case "/bench/made":
      return Response.json(made);
  }
  return undefined;
}

export function toRoom(request, env) {
  const name = new URL(request.url).pathname.slice(prefix.length);
  return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
}

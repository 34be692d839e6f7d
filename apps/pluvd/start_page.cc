#include <string>
#include <string_view>

#include "apps/pluvd/routes.h"

namespace pluv::apps {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pluvd</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem;
         color: #1c2430; background: #fff }
  code, pre { font: 14px/1.5 ui-monospace, monospace; background: #f2f4f7; border-radius: 4px }
  code { padding: .1em .3em }
  pre { padding: 1em; overflow-x: auto }
  .pages { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 }
  .pages a { flex: 1 1 16rem; padding: 1rem 1.25rem; border-radius: 14px; text-decoration: none;
             color: inherit; background: #fff; border: 1px solid #d9dfe7;
             box-shadow: 0 1px 2px #1c243014, 0 6px 20px #1c24300f }
  .pages a:hover { border-color: #4f46e5 }
  .pages strong { display: block; font-size: 1.15rem; color: #4338ca }
  td { padding: .2em 1em .2em 0; vertical-align: top }
  @media (prefers-color-scheme: dark) {
    body { color: #e6e9ee; background: #14181f }
    code, pre { background: #222935 }
    a { color: #8ab4ff }
    .pages a { background: #1c222c; border-color: #343d4a }
    .pages a:hover { border-color: #a5b4fc }
    .pages strong { color: #b4bcfd }
  }
</style>
<h1>pluvd is running</h1>
<p>A development server for realtime rooms. {{tokens}}</p>
<nav class="pages" aria-label="Pages">
  <a href="/demo"><strong>Open the demo</strong>
    A text, a list and a board that all in the room share. Best in two windows.</a>{{inspector}}
</nav>
<table>
  <tr><td>Rooms<td><code>{{ws}}://{{host}}/api/pluv/room/{room}</code>
  <tr><td>Tokens<td><code>{{http}}://{{host}}/api/pluv/authorize?room={room}</code>,
      also with <code>&amp;id=</code> and <code>&amp;name=</code>
  <tr><td>Health<td><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>
  <tr><td>Metrics<td><a href="/metrics">/metrics</a>
</table>
<h2>Connect a client</h2>
<pre>npm install @pluv/client</pre>
<pre>import { createClient } from "@pluv/client";

const client = createClient({
  wsEndpoint: ({ room }) =&gt; `{{ws}}://{{host}}/api/pluv/room/${room}`,{{endpoint}}
});
const room = client.createRoom("my-room");
room.subscribe.event.receiveMessage(({ data }) =&gt; console.log(data));
await client.enter(room);

// Once it is connected, as on a click:
button.onclick = () =&gt; room.broadcast("sendMessage", { message: "Hello" });</pre>
<h2>Demo events</h2>
<table>
  <tr><td><code>sendMessage {message}</code><td>sends <code>receiveMessage {message}</code> to all
  <tr><td><code>doubleValue {value}</code><td>answers <code>doubledValue {value}</code>
  <tr><td><code>wave {}</code><td>sends <code>receiveMessage</code> "Hello world!" to all
</table>
<p>Any other event is forwarded to the whole room. Settings: <code>pluvd --help</code>.</p>
)html";

constexpr std::string_view kEndpoint =
    "\n  authEndpoint: (room) =&gt; `{{http}}://{{host}}/api/pluv/authorize?room=${room}`,";

constexpr std::string_view kInspector = R"html(
  <a href="/inspector"><strong>Open the inspector</strong>
    The rooms of this server: who is there, what is said, and the documents.</a>)html";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  std::size_t at = 0;
  while ((at = text.find(what, at)) != std::string::npos) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

}  // namespace

std::string start_page_html(const StartPage& page) {
  std::string out(kPage);
  replace_all(out, "{{tokens}}",
              page.tokens_required
                  ? "Clients need a token, which the authorize route makes for anybody."
                  : "It asks for no tokens: whoever connects is let in.");
  replace_all(out, "{{endpoint}}", page.tokens_required ? kEndpoint : std::string_view());
  replace_all(out, "{{inspector}}", page.inspector ? kInspector : std::string_view());
  replace_all(out, "{{ws}}", page.tls ? "wss" : "ws");
  replace_all(out, "{{http}}", page.tls ? "https" : "http");
  // Last: what a client sent is never searched for placeholders.
  replace_all(out, "{{host}}", escaped(page.host.empty() ? "localhost" : page.host));
  return out;
}

}  // namespace pluv::apps

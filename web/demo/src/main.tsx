import { createRoot } from "react-dom/client";

import "../../shared/theme.css";
import "./demo.css";
import { applyTheme, savedTheme } from "../../shared/theme";
import { App } from "./app";
import { isRoomName, randomRoomName, roomNameOf } from "./room_name";
import { startSession } from "./session";
import { WrongRoom } from "./wrong_room";

function page() {
  const named = roomNameOf(location.pathname);
  const name = named === "" ? randomRoomName() : named;
  if (!isRoomName(name)) return <WrongRoom />;
  if (named === "") history.replaceState(null, "", `/demo/${name}`);
  document.title = `${name} · pluv`;
  return <App session={startSession(name)} />;
}

applyTheme(savedTheme());
const root = document.getElementById("root");
if (root) createRoot(root).render(page());

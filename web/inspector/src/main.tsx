import { createRoot } from "react-dom/client";
import { applyTheme, savedTheme } from "../../shared/theme";
import { App } from "./app";
import "uplot/dist/uPlot.min.css";
import "../../shared/theme.css";
import "./inspector.css";
import "./overview/overview.css";
import "./parts/tree.css";
import "./room/room.css";

applyTheme(savedTheme());
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
